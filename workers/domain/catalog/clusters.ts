/** Where environments can live, as people see it. */
import { Failed } from "../../rules/failures.ts";
import { type ClusterUse, findCluster, listClusters } from "../../store/catalog/clusters.ts";
import type { Deps } from "../deps.ts";
import type { Owner } from "../environments/view.ts";

/** A bridge speaks at least once a minute. */
const silentAfterMs = 150_000;

export interface ClusterView extends ClusterUse {
  health: "healthy" | "unhealthy" | "unknown";
}

/** The clusters this user may use. */
export async function readClusters(deps: Deps, owner: Owner): Promise<ClusterView[]> {
  const rows = await listClusters(deps.db, owner.userId);
  return rows.map((row) => ({ ...row, health: healthOf(row, deps.now()) }));
}

/** One of them, or `not_found`. */
export async function readCluster(deps: Deps, owner: Owner, id: string): Promise<ClusterView> {
  const row = await findCluster(deps.db, owner.userId, id);
  if (row === null) throw new Failed({ kind: "not_found", what: "cluster" });
  return { ...row, health: healthOf(row, deps.now()) };
}

/** Told by what the cluster's bridges last said; a cluster that never spoke is unknown, not ill. */
function healthOf(row: ClusterUse, now: Date): ClusterView["health"] {
  if (row.lastSeenAt === null) return "unknown";
  return now.getTime() - row.lastSeenAt.getTime() <= silentAfterMs ? "healthy" : "unhealthy";
}
