/** Queries of clusters: which there are, who may use them, what lives on them. */
import { and, asc, eq, getTableColumns, type SQL, sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { clusters, userClusters } from "../schema/catalog.ts";

export type ClusterRow = typeof clusters.$inferSelect;

/** A cluster with what lives on it. Sums are of the limits of environments that are not deleted. */
export interface ClusterUse extends ClusterRow {
  environments: number;
  cpuMillicores: number;
  memoryBytes: number;
  storageBytes: number;
}

/** The clusters this user may use, by name: shared ones and those linked to them. One round trip. */
export async function listClusters(db: Database, userId: string): Promise<ClusterUse[]> {
  return clustersOf(db, userId).orderBy(asc(clusters.name));
}

/** One cluster this user may use, or null. */
export async function findCluster(db: Database, userId: string, clusterId: string): Promise<ClusterUse | null> {
  const [row] = await clustersOf(db, userId, eq(clusters.id, clusterId));
  return row ?? null;
}

function clustersOf(db: Database, userId: string, condition?: SQL) {
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
    .where(and(mayUse(userId), condition));
}

/** True for clusters open to everybody or linked to this user. */
export function mayUse(userId: string): SQL {
  const link = sql`select 1 from ${userClusters} where user_id = ${userId} and cluster_id = ${clusters.id}`;
  return sql`(${clusters.isShared} or exists (${link}))`;
}
