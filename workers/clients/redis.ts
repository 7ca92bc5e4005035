/** The client of Upstash's Redis over REST: one attempt, bounded in time, nothing reported to anyone. */
import { Redis } from "@upstash/redis/cloudflare";
import type { RedisConfig } from "../rules/config.ts";

export type { Redis };

/** Holds no connection; may be kept for the life of the isolate. */
export function connectRedis(config: RedisConfig): Redis {
  return new Redis({
    url: config.url,
    token: config.token,
    enableTelemetry: false,
    retry: false,
    signal: () => AbortSignal.timeout(config.timeoutMs),
  });
}
