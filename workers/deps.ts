/** The edge: makes what a request works with from the raw environment, the clock and the randomness of the platform. */
import { isLogged, type LogDetail, type LogLevel, logLine } from "../durable-objects/protocol/log-line.ts";
import { Gathering } from "./clients/gathering.ts";
import { connectMailer } from "./clients/mail.ts";
import { connectObjects } from "./clients/objects.ts";
import { connectRedis } from "./clients/redis.ts";
import type { Deps } from "./domain/deps.ts";
import { readConfig } from "./env.ts";
import type { Config } from "./rules/config.ts";
import { connectDatabase } from "./store/database.ts";

const idAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
const idLength = 20;
/** The cron was asked for nowhere; where links matter, production names PUBLIC_URL. */
const unknownOrigin = "http://localhost";

type Shared = Pick<Deps, "config" | "db" | "redis" | "mailer" | "gathering">;
const sharedByEnv = new WeakMap<Env, Shared>();

/** Throws what `readConfig` throws when the environment is not complete. */
export function createDeps(
  env: Env,
  requestId: string,
  waitUntil: (promise: Promise<unknown>) => void,
  address: string | null = null,
  origin: () => string = () => unknownOrigin,
): Deps {
  const shared = sharedDeps(env);
  return {
    ...shared,
    objects: connectObjects(env),
    now: () => new Date(),
    newId: (prefix) => `${prefix}_${randomText(idLength)}`,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    waitUntil,
    requestId,
    // Few requests write a link.
    get publicUrl() {
      return shared.config.publicUrl ?? origin();
    },
    address,
    log: (level, msg, fields) => printLine(shared.config, level, msg, { request_id: requestId, ...fields }),
  };
}

/** Random characters of [a-z0-9], without bias. */
export function randomText(length: number): string {
  const unbiased = 256 - (256 % idAlphabet.length);
  let text = "";
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < unbiased && text.length < length) text += idAlphabet[byte % idAlphabet.length];
    }
  }
  return text;
}

function printLine(config: Config, level: LogLevel, msg: string, fields: LogDetail): void {
  if (!isLogged(level, config.log.level)) return;
  console.log(logLine({ ts: new Date().toISOString(), level, msg, ...fields }, config.log.format));
}

function sharedDeps(env: Env): Shared {
  const known = sharedByEnv.get(env);
  if (known !== undefined) return known;
  const config = readConfig(env);
  const redis = connectRedis(config.redis);
  const gathering = new Gathering(redis, {
    isScraped: config.metricsToken !== null,
    flushAfterMs: config.limits.metricsFlushMs,
    newId: () => randomText(idLength),
    nowMs: () => Date.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  const db = connectDatabase(config.database, (seconds, outcome) => gathering.meter.observe("query", seconds, outcome));
  const made = { config, db, redis, mailer: connectMailer(config.mail, redis), gathering };
  sharedByEnv.set(env, made);
  return made;
}
