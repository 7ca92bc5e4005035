import { neon, neonConfig, Pool } from "@neondatabase/serverless";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import WebSocket from "ws";
import { startNeonProxy } from "../../../bridge/dev/neon-proxy.ts";

const { DATABASE_URL } = inject("variables");
const name = `neon_proxy_${process.pid}`;

describe("Neon proxy", () => {
  let proxy: Awaited<ReturnType<typeof startNeonProxy>>;
  let direct: pg.Client;

  beforeAll(async () => {
    proxy = await startNeonProxy({ databaseUrl: `${DATABASE_URL}?application_name=${name}`, port: 0 });
    neonConfig.fetchEndpoint = `http://127.0.0.1:${proxy.port}/sql`;
    neonConfig.wsProxy = `127.0.0.1:${proxy.port}/v2`;
    neonConfig.useSecureWebSocket = false;
    neonConfig.pipelineConnect = false;
    neonConfig.webSocketConstructor = WebSocket;
    direct = new pg.Client({ connectionString: DATABASE_URL });
    await direct.connect();
    await direct.query(`create table ${name} (id int primary key, note text)`);
  });
  afterAll(async () => {
    await proxy.close();
    await direct.query(`drop table ${name}`);
    await direct.end();
  });

  it("gives values as the driver decodes them", async () => {
    const sql = neon(DATABASE_URL);
    const rows = await sql`select 1::int as i, 9007199254740993::bigint as b, null as n, '{"a":[1]}'::jsonb as j,
      array['x','ä'] as t, true as f, '2026-01-02T03:04:05Z'::timestamptz as at, ${"grüß"}::text as p`;
    expect(rows).toEqual([
      {
        i: 1,
        b: "9007199254740993",
        n: null,
        j: { a: [1] },
        t: ["x", "ä"],
        f: true,
        at: new Date("2026-01-02T03:04:05Z"),
        p: "grüß",
      },
    ]);
  });

  it("commits a batch as one transaction and undoes it whole", async () => {
    const sql = neon(DATABASE_URL);
    await sql.transaction([
      sql.query(`insert into ${name} values (1, 'one')`),
      sql.query(`insert into ${name} values (2, 'two')`),
    ]);
    const failing = sql.transaction([
      sql.query(`insert into ${name} values (3, 'three')`),
      sql.query(`insert into ${name} values (1, 'again')`),
    ]);
    await expect(failing).rejects.toMatchObject({ code: "23505", constraint: `${name}_pkey`, table: name });
    expect(await sql.query(`select id from ${name} order by id`)).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it("outlives a connection that breaks in the middle of a batch, and says that the database is away", async () => {
    const sql = neon(DATABASE_URL);
    const end = () => sql.query("select pg_terminate_backend(pg_backend_pid())");
    await expect(sql.transaction([end(), sql`select 1`])).rejects.toThrow(/503/);
    expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  });

  it("starts a batch with the isolation and access the driver asks for", async () => {
    const sql = neon(DATABASE_URL);
    const answers = await sql.transaction([sql`show transaction_isolation`, sql`show transaction_read_only`], {
      isolationLevel: "Serializable",
      readOnly: true,
    });
    expect(answers).toEqual([[{ transaction_isolation: "serializable" }], [{ transaction_read_only: "on" }]]);
  });

  it("refuses two statements in one query, as Neon does", async () => {
    await expect(neon(DATABASE_URL).query("select 1; select 2")).rejects.toMatchObject({ code: "42601" });
  });

  it("answers 400 to what it cannot read", async () => {
    const post = (body: string) => fetch(`http://127.0.0.1:${proxy.port}/sql`, { method: "POST", body });
    expect((await post("{")).status).toBe(400);
    expect((await post('{"queries":1}')).status).toBe(400);
    expect((await fetch(`http://127.0.0.1:${proxy.port}/other`)).status).toBe(404);
  });

  it("runs transactions of many clients side by side over the relay", async () => {
    const pool = new Pool({ connectionString: DATABASE_URL, max: 5 });
    const clients = await Promise.all([1, 2, 3, 4, 5].map(() => pool.connect()));
    await Promise.all(clients.map((client) => client.query("begin")));
    const { rows } = await direct.query(
      "select count(*)::int as open from pg_stat_activity where state = 'idle in transaction'",
    );
    expect(rows[0].open).toBeGreaterThanOrEqual(5);
    for (const client of clients) {
      await client.query("rollback");
      client.release();
    }
    await pool.end();
  });

  it("closes the Postgres side when the client says Terminate", async () => {
    const pool = new Pool({ connectionString: DATABASE_URL, application_name: `${name}_end` });
    await pool.query("select 1");
    await pool.end();
    const count = "select count(*)::int as count from pg_stat_activity where application_name = $1";
    await vi.waitFor(
      async () => expect((await direct.query(count, [`${name}_end`])).rows).toEqual([{ count: 0 }]),
      10_000,
    );
  });

  it("answers 503 and closes the socket when Postgres is not there", async () => {
    const dead = await startNeonProxy({ databaseUrl: "postgresql://postgres:x@127.0.0.1:1/x", port: 0 });
    const socket = new WebSocket(`ws://127.0.0.1:${dead.port}/v2?address=anything:5432`);
    await new Promise((resolve) => socket.once("close", resolve));
    expect(socket.readyState).toBe(WebSocket.CLOSED);
    const response = await fetch(`http://127.0.0.1:${dead.port}/sql`, { method: "POST", body: '{"query":"select 1"}' });
    expect(response.status).toBe(503);
    await dead.close();
  });
});
