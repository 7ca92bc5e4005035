/** What a use case works with. Domain functions take it first; nothing else is ambient, the clock included. */
import type { LogDetail, LogLevel } from "../../durable-objects/protocol/log-line.ts";
import type { Gathering } from "../clients/gathering.ts";
import type { Mailer } from "../clients/mail.ts";
import type { Objects } from "../clients/objects.ts";
import type { Redis } from "../clients/redis.ts";
import type { Config } from "../rules/config.ts";
import type { Database } from "../store/database.ts";

export type IdPrefix = "usr" | "ses" | "env" | "soc" | "pat" | "mls" | "brt" | "clu" | "shr";

export interface Deps {
  config: Config;
  db: Database;
  redis: Redis;
  objects: Objects;
  mailer: Mailer;
  /** What this isolate counts for the metrics. */
  gathering: Gathering;
  now(): Date;
  /** A fresh id: the prefix, `_` and 20 random characters of [a-z0-9]. */
  newId(prefix: IdPrefix): string;
  randomBytes(length: number): Uint8Array<ArrayBuffer>;
  /** Lets work go on after the answer was sent. */
  waitUntil(promise: Promise<unknown>): void;
  requestId: string;
  /** Where people reach this server, without a slash at the end: as configured, or as this request did. */
  publicUrl: string;
  /** Where the request came from; null where there is none (the cron) or nobody says. */
  address: string | null;
  log(level: LogLevel, msg: string, fields?: LogDetail): void;
}
