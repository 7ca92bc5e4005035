/**
 * One log line, the same in Worker, objects and bridge: JSON for machines, a short text for people. Pure; the
 * caller prints it. It holds no token, no ticket and no query string: callers name routes, never URLs.
 */

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFormat = "json" | "pretty";

export interface LogFields {
  /** RFC 3339. */
  ts: string;
  level: LogLevel;
  msg: string;
  request_id?: string | undefined;
  user_id?: string | undefined;
  environment_id?: string | undefined;
  cluster_id?: string | undefined;
  /** The pattern of the route, e.g. `GET /api/v1/environments/:id`. */
  route?: string | undefined;
  status?: number | undefined;
  duration_ms?: number | undefined;
  [field: string]: string | number | boolean | null | undefined;
}

/** What a caller adds to a line besides its time, level and text. */
export type LogDetail = Omit<LogFields, "ts" | "level" | "msg">;

/** Whether a line of this level is printed where `threshold` is the least that is. */
export function isLogged(level: LogLevel, threshold: LogLevel): boolean {
  return logLevels.indexOf(level) >= logLevels.indexOf(threshold);
}

/** The text of a line, without a line break. Absent fields are left out. */
export function logLine(fields: LogFields, format: LogFormat): string {
  return format === "json" ? JSON.stringify(fields) : prettyLine(fields);
}

function prettyLine({ ts, level, msg, ...rest }: LogFields): string {
  const details = Object.entries(rest)
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) => `${name}=${typeof value === "string" && /[\s"]/.test(value) ? JSON.stringify(value) : value}`,
    );
  return [ts.slice(11, 23), level.toUpperCase().padEnd(5), oneLine(msg), ...details].join(" ");
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, " ");
}
