/** The local Neon proxy and Upstash together, as the variables that make the Worker use them. */
import { newSecret } from "./keys.ts";
import { startNeonProxy } from "./neon-proxy.ts";
import { createRedis } from "./redis/redis.ts";
import { startUpstash } from "./upstash.ts";

export interface StandIns {
  variables: Record<string, string>;
  close(): Promise<void>;
}

/** Neon's proxy in front of an ordinary Postgres, on a free port. */
export async function startNeonStandIn(databaseUrl: string): Promise<StandIns> {
  const proxy = await startNeonProxy({ databaseUrl, port: 0 });
  return {
    variables: {
      NEON_FETCH_ENDPOINT: `http://127.0.0.1:${proxy.port}/sql`,
      NEON_WS_PROXY: `127.0.0.1:${proxy.port}/v2`,
    },
    close: proxy.close,
  };
}

/** An empty Redis behind Upstash's REST form, on a free port. */
export async function startUpstashStandIn(): Promise<StandIns> {
  const token = newSecret();
  const redis = createRedis();
  const upstash = await startUpstash({ execute: redis.execute, token, port: 0 });
  return {
    variables: {
      UPSTASH_REDIS_REST_URL: `http://127.0.0.1:${upstash.port}`,
      UPSTASH_REDIS_REST_TOKEN: token,
    },
    close: upstash.close,
  };
}
