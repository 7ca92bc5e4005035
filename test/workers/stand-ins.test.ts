/** The drivers the Worker uses, inside workerd, against the run's own stand-ins. */
import { neon, neonConfig, Pool } from "@neondatabase/serverless";
import { Redis } from "@upstash/redis/cloudflare";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

const variables = inject("variables");

const ofTheWorker = neonConfig.fetchFunction;

beforeAll(() => {
  neonConfig.fetchFunction = (url: string, init: RequestInit) => fetch(url, init);
  neonConfig.fetchEndpoint = variables.NEON_FETCH_ENDPOINT;
  neonConfig.wsProxy = variables.NEON_WS_PROXY;
  neonConfig.useSecureWebSocket = false;
  neonConfig.pipelineConnect = false;
});

afterAll(() => {
  neonConfig.fetchFunction = ofTheWorker;
});

describe("stand-ins inside workerd", () => {
  it("answer a query over HTTP on the migrated database", async () => {
    const sql = neon(variables.DATABASE_URL);
    const rows = await sql`select count(*)::int as count from users where id = ${"usr_nobody"}`;
    expect(rows).toEqual([{ count: 0 }]);
  });

  it("carry an interactive transaction through the WebSocket relay", async () => {
    const pool = new Pool({ connectionString: variables.DATABASE_URL });
    // workerd tells of the relay's end as an error of the idle connection.
    const ended: Error[] = [];
    pool.on("error", (error: Error) => ended.push(error));
    const client = await pool.connect();
    await client.query("begin");
    const { rows } = await client.query("select $1::int + 1 as next", [41]);
    await client.query("rollback");
    client.release();
    await pool.end();
    expect(rows).toEqual([{ next: 42 }]);
  });

  it("run Redis commands with the Upstash client", async () => {
    const redis = new Redis({ url: variables.UPSTASH_REDIS_REST_URL, token: variables.UPSTASH_REDIS_REST_TOKEN });
    await redis.set("workerd:greeting", { text: "grüß dich" });
    expect(await redis.get("workerd:greeting")).toEqual({ text: "grüß dich" });
  });
});
