/**
 * The queries that are asked most, whose text is built once for a database: building it anew costs more than all else
 * that a read computes. What varies between requests is a placeholder.
 */
import { fillPlaceholders, type Query } from "drizzle-orm";
import type { RunnableQuery } from "drizzle-orm/runnable-query";
import type { Database } from "./database.ts";

/** Makes what `build` makes once for each database. */
export function builtOnce<Built>(build: (db: Database) => Built): (db: Database) => Built {
  const known = new WeakMap<Database, Built>();
  return (db) => {
    const built = known.get(db) ?? build(db);
    known.set(db, built);
    return built;
  };
}

interface Prepared<Rows> {
  getQuery(): Query;
  execute(values: Record<string, unknown>): Promise<Rows>;
}

/** A prepared query with its values as an item of `db.batch`, which asks every item to prepare itself. */
export function withValues<Rows>(
  prepared: Prepared<Rows>,
  values: Record<string, unknown>,
): RunnableQuery<Rows, "pg"> & { _prepare(): unknown } {
  const query = prepared.getQuery();
  const params = fillPlaceholders(query.params, values);
  const filled = Object.create(prepared, { getQuery: { value: () => ({ ...query, params }) } });
  return { _prepare: () => filled } as RunnableQuery<Rows, "pg"> & { _prepare(): unknown };
}
