/** Prints the bridge's log lines; what a line looks like is said in protocol/log-line.ts. */
import {
  isLogged,
  type LogDetail,
  type LogFormat,
  type LogLevel,
  logLine,
} from "../durable-objects/protocol/log-line.ts";

export type Log = (level: LogLevel, msg: string, detail: LogDetail) => void;

export function createLog(options: { level: LogLevel; format: LogFormat }): Log {
  return (level, msg, detail) => {
    if (!isLogged(level, options.level)) return;
    console.log(logLine({ ts: new Date().toISOString(), level, msg, ...detail }, options.format));
  };
}
