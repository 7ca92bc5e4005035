/** Where environments can live: as people see those they may use, and as administrators see all of them. */

import type { LinkedBridge } from "../../../durable-objects/protocol/objects.ts";
import { type Status, statusOf } from "../../../durable-objects/protocol/vocabulary.ts";
import { Failed, rootCause } from "../../rules/failures.ts";
import { hasScope, type Principal } from "../../rules/principal.ts";
import { type ClusterUse, countByPhase, findCluster, listClusters } from "../../store/catalog/clusters.ts";
import type { Deps } from "../deps.ts";

/** A bridge speaks at least once a minute. */
const silentAfterMs = 150_000;

export interface ClusterView extends ClusterUse {
  health: "healthy" | "unhealthy" | "unknown";
}

/** The clusters this person may use. */
export async function readClusters(deps: Deps, person: Pick<Principal, "userId">): Promise<ClusterView[]> {
  return viewed(deps, await listClusters(deps.db, person.userId));
}

/**
 * All clusters, for administrators. Fails as `admin_required`, or `insufficient_scope` for a personal token that was
 * not made for it.
 */
export async function readAllClusters(deps: Deps, admin: Principal): Promise<ClusterView[]> {
  if (!hasScope(admin, "admin")) throw new Failed({ kind: "insufficient_scope", scope: "admin" });
  if (admin.role !== "admin") throw new Failed({ kind: "admin_required" });
  return viewed(deps, await listClusters(deps.db, null));
}

/** One by its id or name, any for an administrator and else one this person may use, or `not_found`. */
export async function readCluster(deps: Deps, person: Principal, idOrName: string): Promise<ClusterView> {
  const seesAll = person.role === "admin" && hasScope(person, "admin");
  const row = await findCluster(deps.db, seesAll ? null : person.userId, idOrName);
  if (row === null) throw new Failed({ kind: "not_found", what: "cluster" });
  return { ...row, health: healthOf(row, deps.now()) };
}

/** Whether this is a cluster at all; its id. For what administrators do around one. */
export async function clusterIdOf(deps: Deps, idOrName: string): Promise<string> {
  const row = await findCluster(deps.db, null, idOrName);
  if (row === null) throw new Failed({ kind: "not_found", what: "cluster" });
  return row.id;
}

function viewed(deps: Deps, rows: ClusterUse[]): ClusterView[] {
  return rows.map((row) => ({ ...row, health: healthOf(row, deps.now()) }));
}

/** Told by what the cluster's bridges last said; a cluster that never spoke is unknown, not ill. */
function healthOf(row: ClusterUse, now: Date): ClusterView["health"] {
  if (row.lastSeenAt === null) return "unknown";
  return now.getTime() - row.lastSeenAt.getTime() <= silentAfterMs ? "healthy" : "unhealthy";
}

export interface ClusterHealth {
  cluster: ClusterView;
  /** The bridges that are linked now; undefined = nobody could say. */
  bridges: LinkedBridge[] | undefined;
  environments: Record<Status, number>;
}

/** How a cluster is: what its bridge reported, whether it is linked now, and what lives there. */
export async function readClusterHealth(deps: Deps, person: Principal, idOrName: string): Promise<ClusterHealth> {
  const cluster = await readCluster(deps, person, idOrName);
  const [bridges, phases] = await Promise.all([bridgesOf(deps, cluster.id), countByPhase(deps.db, cluster.id)]);
  const environments: Record<Status, number> = { creating: 0, running: 0, stopped: 0, error: 0, terminated: 0 };
  for (const { phase, count } of phases) environments[statusOf(phase)] += count;
  return { cluster, bridges, environments };
}

async function bridgesOf(deps: Deps, clusterId: string): Promise<LinkedBridge[] | undefined> {
  try {
    return await deps.objects.cluster(clusterId).linkedBridges();
  } catch (error) {
    deps.log("warn", "a cluster's links are not known", { cluster_id: clusterId, error: rootCause(error).message });
    return undefined;
  }
}
