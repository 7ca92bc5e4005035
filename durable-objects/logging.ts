/** How objects write their log lines. The platform hands them their variables; these two are all they read. */
import { isLogged, type LogDetail, type LogFormat, type LogLevel, logLevels, logLine } from "./protocol/log-line.ts";

export type Log = (level: LogLevel, msg: string, detail?: LogDetail) => void;

/** A printer of lines in the format and from the level that the variables name. */
export function objectLog(variables: object): Log {
  const settings = variables as { LOG_FORMAT?: unknown; LOG_LEVEL?: unknown };
  const format: LogFormat = settings.LOG_FORMAT === "pretty" ? "pretty" : "json";
  const threshold = logLevels.find((level) => level === settings.LOG_LEVEL) ?? "info";
  return (level, msg, detail = {}) => {
    if (!isLogged(level, threshold)) return;
    console.log(logLine({ ts: new Date().toISOString(), level, msg, ...detail }, format));
  };
}
