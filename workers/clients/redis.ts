/** The client of Upstash's Redis over REST: one attempt, bounded in time, nothing reported to anyone. */
import { Redis } from "@upstash/redis/cloudflare";
import type { RedisConfig } from "../rules/config.ts";
import { Failed } from "../rules/failures.ts";

export type { Redis };

const retryAfterSeconds = 5;

/** Holds no connection; may be kept for the life of the isolate. */
export function connectRedis(config: RedisConfig): Redis {
  return new Redis({
    url: config.url,
    token: config.token,
    enableTelemetry: false,
    retry: false,
    // Nearly every request has one question for Redis: to gather several only costs.
    enableAutoPipelining: false,
    signal: () => AbortSignal.timeout(config.timeoutMs),
  });
}

/** For `catch`: whatever went wrong on the way to Redis is `unavailable`. */
export function redisUnavailable(cause: unknown): never {
  throw new Failed({ kind: "unavailable", dependency: "redis", retryAfterSeconds }, { cause });
}
