/** An empty database of the newest schema for one file: elsewhere others write and sweep, too. */
import pg from "pg";
import { inject } from "vitest";
import { startNeonStandIn } from "../../bridge/dev/stand-ins.ts";
import { runMigrations } from "../../migrations/run.ts";
import { connectDatabase, type Database } from "../../workers/store/database.ts";

export interface OwnDatabase {
  /** As the Worker has it, over the local proxy. */
  db: Database;
  close(): Promise<void>;
}

/** Makes it; `close` drops it. `prefix` is a word of SQL. */
export async function openOwnDatabase(prefix: string): Promise<OwnDatabase> {
  const name = `${prefix}_${process.pid}`;
  const server = new pg.Client({ connectionString: inject("variables").DATABASE_URL });
  const url = inject("variables").DATABASE_URL.replace(/\/postgres$/, `/${name}`);
  await server.connect();
  await server.query(`create database ${name}`);
  await runMigrations(url);
  const neon = await startNeonStandIn(url);
  const fetchEndpoint = neon.variables["NEON_FETCH_ENDPOINT"] ?? null;
  return {
    db: connectDatabase({ url, fetchEndpoint, wsProxy: null, timeoutMs: 10_000 }),
    async close() {
      await neon.close();
      await server.query(`drop database ${name} with (force)`);
      await server.end();
    },
  };
}
