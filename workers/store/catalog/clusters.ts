/** Queries of clusters: which there are, who may use them, what lives on them, and what administrators change. */
import { and, asc, desc, eq, getTableColumns, or, type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";
import { foreignKeyViolation, sqlErrorIn, unlessTaken } from "../database.ts";
import { bridgeTokens, clusters, userClusters } from "../schema/catalog.ts";
import { environments } from "../schema/environments.ts";

export type ClusterRow = typeof clusters.$inferSelect;
export type NewCluster = typeof clusters.$inferInsert;
export type ClusterChanges = { [Name in keyof NewCluster]?: NewCluster[Name] | undefined };

/** A cluster with what lives on it. Sums are of the limits of environments that are not deleted. */
export interface ClusterUse extends ClusterRow {
  environments: number;
  cpuMillicores: number;
  memoryBytes: number;
  storageBytes: number;
}

/** Whose clusters: those a user may use, or null for all of them. */
export type ClusterScope = string | null;

/** Clusters by name. One round trip. */
export async function listClusters(db: Database, scope: ClusterScope): Promise<ClusterUse[]> {
  return clustersOf(db, scope).orderBy(asc(clusters.name));
}

/** The cluster of this id or name, in any case, or null. */
export async function findCluster(db: Database, scope: ClusterScope, idOrName: string): Promise<ClusterUse | null> {
  const [row] = await clustersOf(db, scope, goesBy(idOrName))
    .orderBy(desc(eq(clusters.id, idOrName)))
    .limit(1);
  return row ?? null;
}

function clustersOf(db: Database, scope: ClusterScope, condition?: SQL) {
  const used = sql`(select count(*)::int as environments, coalesce(sum(cpu_millicores), 0)::float8 as cpu,
    coalesce(sum(memory_bytes), 0)::float8 as memory, coalesce(sum(storage_bytes), 0)::float8 as storage
    from environments where cluster_id = ${clusters.id} and deleted_at is null and phase <> 'terminated')`;
  return db
    .select({
      ...getTableColumns(clusters),
      environments: sql<number>`used.environments`,
      cpuMillicores: sql<number>`used.cpu`,
      memoryBytes: sql<number>`used.memory`,
      storageBytes: sql<number>`used.storage`,
    })
    .from(clusters)
    .innerJoinLateral(sql`${used} as used`, sql`true`)
    .where(and(scope === null ? undefined : mayUse(scope), condition));
}

/** True for clusters open to everybody or linked to this user. */
export function mayUse(userId: string): SQL {
  const link = sql`select 1 from ${userClusters} where user_id = ${userId} and cluster_id = ${clusters.id}`;
  return sql`(${clusters.isShared} or exists (${link}))`;
}

/** True for the cluster of this id or name. */
export function goesBy(idOrName: string): SQL | undefined {
  return or(eq(clusters.id, idOrName), sql`lower(${clusters.name}) = lower(${idOrName})`);
}

/** How many environments of a cluster are in each phase, those on their way out included. */
export async function countByPhase(db: Database, clusterId: string) {
  return db
    .select({ phase: environments.phase, count: sql<number>`count(*)::int` })
    .from(environments)
    .where(and(eq(environments.clusterId, clusterId), sql`${environments.phase} <> 'terminated'`))
    .groupBy(environments.phase);
}

/** Whoever changes which cluster is the default waits here until the one before is done. */
export const defaultLock = sql`select pg_advisory_xact_lock(7305922)`;

/** Adds a cluster; the first one is the default in any case. null = its name is in use. */
export async function insertCluster(db: Database, row: NewCluster): Promise<ClusterRow | null> {
  const isDefault = row.isDefault === true;
  const isOnly = sql<boolean>`${isDefault} or not exists (select 1 from ${clusters} where is_default)`;
  const written = await unlessTaken(() =>
    db.batch([
      db.execute(defaultLock),
      db.update(clusters).set({ isDefault: false }).where(sql`${isDefault} and is_default`),
      db
        .insert(clusters)
        .values({ ...row, isDefault: isOnly })
        .returning(),
    ]),
  );
  return written?.[2][0] ?? null;
}

/**
 * Changes a cluster. Making it the default takes that from the one before. `outdated`: it is not there, or not as it
 * was at `unchangedSince` (undefined = however it is).
 */
export async function updateCluster(
  db: Database,
  id: string,
  changes: ClusterChanges,
  unchangedSince?: Date,
): Promise<"changed" | "taken" | "outdated"> {
  const isAsRead =
    unchangedSince &&
    sql`date_trunc('milliseconds', ${clusters.updatedAt}) = ${unchangedSince.toISOString()}::timestamptz`;
  const target = and(eq(clusters.id, id), isAsRead);
  const takesOver = sql`${changes.isDefault === true} and is_default and id <> ${id}
    and exists (select 1 from ${clusters} as target where target.id = ${id})`;
  const written = await unlessTaken(() =>
    db.batch([
      db.execute(defaultLock),
      db.update(clusters).set({ isDefault: false }).where(takesOver),
      db.update(clusters).set(changes).where(target).returning({ id: clusters.id }),
    ]),
  );
  if (written === null) return "taken";
  return written[2].length === 0 ? "outdated" : "changed";
}

export type ClusterDeleted =
  | { kind: "deleted" }
  | { kind: "missing" }
  | { kind: "in_use"; environments: number }
  | { kind: "is_default" };

const standingSchema = z.array(z.object({ environments: z.coerce.number(), is_default: z.boolean() }));

/**
 * Removes a cluster with its tokens, links and terminated environments. One that environments live on stays, and so
 * does the default one while there are others.
 */
export async function deleteCluster(db: Database, id: string): Promise<ClusterDeleted> {
  const living = sql`select 1 from environments where cluster_id = ${id} and phase <> 'terminated'`;
  const others = sql`select 1 from clusters where id <> ${id}`;
  const mayGo = sql`not exists (${living}) and not exists (select 1 from clusters where id = ${id} and is_default and exists (${others}))`;
  try {
    const [, , removed, standing] = await db.batch([
      db.execute(defaultLock),
      db.execute(sql`delete from environments where cluster_id = ${id} and ${mayGo}`),
      db.execute(sql`delete from clusters where id = ${id} and ${mayGo} returning id`),
      db.execute(sql`select is_default, (select count(*) from (${living}) as living) as environments
        from clusters where id = ${id}`),
    ]);
    if (removed.rows.length > 0) return { kind: "deleted" };
    const [left] = standingSchema.parse(standing.rows);
    if (left === undefined) return { kind: "missing" };
    return left.environments > 0 ? { kind: "in_use", environments: left.environments } : { kind: "is_default" };
  } catch (error) {
    // Somebody made an environment there at this moment.
    if (sqlErrorIn(error)?.code === foreignKeyViolation) return { kind: "in_use", environments: 1 };
    throw error;
  }
}

/** The ids of all tokens of a cluster that still open a link, or may have opened one that is. */
export async function tokenIdsOf(db: Database, clusterId: string): Promise<string[]> {
  const rows = await db.select({ id: bridgeTokens.id }).from(bridgeTokens).where(eq(bridgeTokens.clusterId, clusterId));
  return rows.map(({ id }) => id);
}
