/**
 * The way to Postgres: drizzle over Neon's HTTP driver (one round trip a query, `batch` for a transaction), and a
 * pool only where a transaction needs an answer in the middle. A database that cannot be reached is told as the
 * failure `unavailable`; SQL errors pass through for the store to judge.
 */
import { neon, neonConfig, Pool } from "@neondatabase/serverless";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/neon-http";
import { drizzle as drizzlePool } from "drizzle-orm/neon-serverless";
import type { DatabaseConfig } from "../rules/config.ts";
import { Failed } from "../rules/failures.ts";
import * as access from "./schema/access.ts";
import * as accounts from "./schema/accounts.ts";
import * as audit from "./schema/audit.ts";
import * as catalog from "./schema/catalog.ts";
import * as environments from "./schema/environments.ts";
import * as requests from "./schema/requests.ts";
import * as sharing from "./schema/sharing.ts";

const schema = { ...accounts, ...access, ...catalog, ...environments, ...audit, ...requests, ...sharing };
const retryAfterSeconds = 5;

/** SQLSTATE of a value that a unique index refused. */
export const uniqueViolation = "23505";
/** SQLSTATE of a null where none may be. */
export const notNullViolation = "23502";
/** SQLSTATE of a row that others refer to, or that refers to none. */
export const foreignKeyViolation = "23503";

export type Database = ReturnType<typeof connectDatabase>;

/** Told of every round trip: how long it took and whether the database did what it was asked. */
export type QueryObserver = (seconds: number, outcome: "ok" | "refused" | "failed") => void;

/** How to reach one database. */
interface Way {
  endpoint: string | null;
  timeoutMs: number;
  onQuery: QueryObserver;
}

/** The driver's settings are the isolate's, so a query carries its own way among its fetch options. */
const way = Symbol("way");
type QueryInit = RequestInit & { [way]: Way };

/** Queries over HTTP. Holds no connection; may be kept for the life of the isolate. */
export function connectDatabase(config: DatabaseConfig, onQuery: QueryObserver = () => {}) {
  neonConfig.fetchFunction = observedQuery;
  const own: Way = { endpoint: config.fetchEndpoint, timeoutMs: config.timeoutMs, onQuery };
  return drizzle(neon(config.url, { fetchOptions: { [way]: own } }), { schema });
}

/**
 * Runs `work` on a connection of its own, for a transaction that needs an answer in the middle. `waitUntil` keeps
 * the request's context alive while the connection is closed.
 */
export async function withConnection<T>(
  config: DatabaseConfig,
  waitUntil: (promise: Promise<unknown>) => void,
  work: (db: ReturnType<typeof drizzlePool<typeof schema>>) => Promise<T>,
): Promise<T> {
  if (config.wsProxy !== null) useLocalRelay(config.wsProxy);
  const pool = new Pool({ connectionString: config.url, max: 1, connectionTimeoutMillis: config.timeoutMs });
  pool.on("error", (error: Error) => console.warn(`database connection: ${error.message}`));
  try {
    return await work(drizzlePool(pool, { schema }));
  } finally {
    waitUntil(pool.end());
  }
}

function useLocalRelay(wsProxy: string): void {
  neonConfig.wsProxy = wsProxy;
  neonConfig.useSecureWebSocket = false;
  neonConfig.pipelineConnect = false;
}

/** An answer as far as the driver looks at it. */
interface Answer {
  ok: boolean;
  status: number;
  text(): Promise<string>;
  json(): Promise<unknown>;
}

async function observedQuery(neonUrl: string, { [way]: own, ...init }: QueryInit): Promise<Answer> {
  const begin = performance.now();
  const seconds = () => (performance.now() - begin) / 1000;
  try {
    const response = await fetchQuery(own.endpoint ?? neonUrl, init, own.timeoutMs);
    own.onQuery(seconds(), response.ok ? "ok" : "refused");
    return response;
  } catch (error) {
    own.onQuery(seconds(), "failed");
    throw error;
  }
}

async function fetchQuery(url: string, init: RequestInit, timeoutMs: number): Promise<Answer> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
    // Read here: the time may be over between the head of an answer and its end, too.
    const text = await response.text();
    const { ok, status } = response;
    if (status < 500) return { ok, status, text: async () => text, json: async () => JSON.parse(text) };
  } catch (cause) {
    throw new Failed({ kind: "unavailable", dependency: "database", retryAfterSeconds }, { cause });
  }
  throw new Failed({ kind: "unavailable", dependency: "database", retryAfterSeconds });
}

/** The SQLSTATE and constraint of a refused statement, however deep drizzle wrapped it, or null. */
export function sqlErrorIn(error: unknown): { code: string; constraint: string | null } | null {
  let current: unknown = error;
  for (let depth = 0; depth < 8 && current instanceof Error; depth += 1) {
    if ("code" in current && typeof current.code === "string" && /^[0-9A-Z]{5}$/.test(current.code)) {
      const constraint = "constraint" in current && typeof current.constraint === "string" ? current.constraint : null;
      return { code: current.code, constraint };
    }
    current = current.cause;
  }
  return null;
}

/** What a write answers, or null when a unique index refused it. */
export async function unlessTaken<Written>(write: () => Promise<Written>): Promise<Written | null> {
  try {
    return await write();
  } catch (error) {
    if (sqlErrorIn(error)?.code === uniqueViolation) return null;
    throw error;
  }
}

/** One empty round trip. */
export async function pingDatabase(db: Database): Promise<void> {
  await db.execute(sql`select 1`);
}
