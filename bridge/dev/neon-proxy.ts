/**
 * Neon's proxy in front of an ordinary Postgres: `POST /sql` as the HTTP driver speaks it (one query, or a batch in
 * one transaction), and the WebSocket relay of neon-relay.ts. Only the database named by `databaseUrl` is reachable.
 */
import { createServer, type IncomingMessage } from "node:http";
import pg from "pg";
import { z } from "zod";
import { close, listen, type RunningServer, readBody, sendJson } from "./http.ts";
import { relayWebSockets } from "./neon-relay.ts";

export interface NeonProxyOptions {
  /** The Postgres behind; its user, password and database count, whatever the driver sends. */
  databaseUrl: string;
  /** 0 = any free port. */
  port: number;
  maxConnections?: number;
}

interface Answer {
  status: number;
  body: unknown;
}

const querySchema = z.object({ query: z.string(), params: z.array(z.unknown()).default([]) });
const requestSchema = z.union([z.object({ queries: z.array(querySchema) }), querySchema]);
type Query = z.infer<typeof querySchema>;

const maxBodyBytes = 64 * 1024 * 1024;
/** What Neon tells of a Postgres error. */
const errorFields =
  "severity code detail hint position internalPosition internalQuery where schema table column dataType constraint file line routine".split(
    " ",
  );
const isolationLevels: Record<string, string> = {
  ReadUncommitted: "read uncommitted",
  ReadCommitted: "read committed",
  RepeatableRead: "repeatable read",
  Serializable: "serializable",
};

/** Serves until closed. Connections to Postgres are opened when first needed. */
export async function startNeonProxy(options: NeonProxyOptions): Promise<RunningServer> {
  const pool = new pg.Pool({ connectionString: options.databaseUrl, max: options.maxConnections ?? 20 });
  let isClosing = false;
  // An idle connection that breaks leaves the pool by itself; the next query reports what is wrong.
  pool.on("error", (error) => isClosing || console.error(`postgres connection lost: ${error.message}`));
  // One that breaks in use emits as well, beside failing its query: unheard, that would end the whole supervisor.
  pool.on("connect", (client) => client.on("error", ignoreTwiceTold));
  const server = createServer((request, response) => {
    answer(pool, request).then(
      ({ status, body }) => sendJson(response, status, body),
      (error: unknown) => sendJson(response, isRefusal(error) ? 400 : 503, describe(error)),
    );
  });
  const stopRelay = relayWebSockets(server, options.databaseUrl);
  const { port } = await listen(server, options.port);
  return {
    port,
    close: async () => {
      isClosing = true;
      stopRelay();
      await close(server);
      await pool.end();
    },
  };
}

/** The pool or the query tells the same error. */
function ignoreTwiceTold(): void {}

async function answer(pool: pg.Pool, request: IncomingMessage): Promise<Answer> {
  if (request.method !== "POST" || !/^\/sql(\?|$)/.test(request.url ?? "")) {
    return { status: 404, body: { message: "only POST /sql is served here" } };
  }
  const parsed = requestSchema.parse(JSON.parse(await readBody(request, maxBodyBytes)));
  if ("queries" in parsed) return { status: 200, body: { results: await runBatch(pool, parsed.queries, request) } };
  return { status: 200, body: await runQuery(pool, parsed) };
}

async function runQuery(connection: pg.Pool | pg.PoolClient, { query, params }: Query): Promise<unknown> {
  const text = (value: string | Buffer) => value;
  const result = await connection.query({
    text: query,
    values: params,
    rowMode: "array",
    types: { getTypeParser: () => text },
    // Like Neon: the extended protocol, which takes one statement only.
    queryMode: "extended",
  } as pg.QueryArrayConfig);
  const { command, rowCount, fields, rows } = result;
  return { command, rowCount, fields, rows, rowAsArray: true };
}

async function runBatch(pool: pg.Pool, queries: Query[], request: IncomingMessage): Promise<unknown[]> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(beginStatement(request));
    const results: unknown[] = [];
    for (const query of queries) results.push(await runQuery(client, query));
    await client.query("commit");
    return results;
  } catch (error) {
    await client.query("rollback").catch((cause: Error) => {
      broken = cause;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

function beginStatement(request: IncomingMessage): string {
  const isolation = isolationLevels[String(request.headers["neon-batch-isolation-level"])];
  const words = ["begin"];
  if (isolation !== undefined) words.push("isolation level", isolation);
  if (request.headers["neon-batch-read-only"] === "true") words.push("read only");
  if (request.headers["neon-batch-deferrable"] === "true") words.push("deferrable");
  return words.join(" ");
}

/** A statement or request that was judged, as opposed to a database that is away, starting or ending (08, 57P). */
function isRefusal(error: unknown): boolean {
  if (error instanceof z.ZodError || error instanceof SyntaxError) return true;
  return error instanceof pg.DatabaseError && !/^(08|57P)/.test(error.code ?? "");
}

function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const evidence = Object.entries(error).filter(([field, value]) => errorFields.includes(field) && value !== undefined);
  return { ...Object.fromEntries(evidence), message: error.message };
}
