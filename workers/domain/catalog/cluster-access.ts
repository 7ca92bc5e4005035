/**
 * Who may use a cluster that is not open to everybody. Taking access back ends no environment: those somebody has
 * there stay theirs, and they make no further ones.
 */
import { Failed } from "../../rules/failures.ts";
import type { Principal } from "../../rules/principal.ts";
import { findClusterUser, grantCluster, listClusterUsers, revokeCluster } from "../../store/catalog/cluster-users.ts";
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { clusterIdOf } from "./clusters.ts";

export type ClusterAccess = NonNullable<Awaited<ReturnType<typeof findClusterUser>>>;

/** A page of those who were let in, and how many there are. */
export async function readClusterUsers(deps: Deps, cluster: string, page: { limit: number; offset: number }) {
  return listClusterUsers(deps.db, await clusterIdOf(deps, cluster), page);
}

/** Whether somebody was let in, and since when; `not_found` for nobody's id. */
export async function readClusterUser(deps: Deps, cluster: string, userId: string): Promise<ClusterAccess> {
  const found = await findClusterUser(deps.db, await clusterIdOf(deps, cluster), userId);
  if (found === null) throw new Failed({ kind: "not_found", what: "user" });
  return found;
}

/** Lets somebody in. May be repeated. */
export async function letIntoCluster(
  deps: Deps,
  admin: Principal,
  cluster: string,
  userId: string,
): Promise<ClusterAccess> {
  const clusterId = await clusterIdOf(deps, cluster);
  const before = await findClusterUser(deps.db, clusterId, userId);
  if (before === null) throw new Failed({ kind: "not_found", what: "user" });
  await grantCluster(deps.db, clusterId, userId, deps.now());
  audit(deps, {
    action: "cluster.grant",
    actor: admin,
    target: { kind: "cluster", id: clusterId },
    detail: { userId },
  });
  return readClusterUser(deps, clusterId, userId);
}

/** Takes somebody's access back; `not_found` for whoever had none. */
export async function takeFromCluster(deps: Deps, admin: Principal, cluster: string, userId: string): Promise<void> {
  const clusterId = await clusterIdOf(deps, cluster);
  if (!(await revokeCluster(deps.db, clusterId, userId))) throw new Failed({ kind: "not_found", what: "user" });
  audit(deps, {
    action: "cluster.revoke",
    actor: admin,
    target: { kind: "cluster", id: clusterId },
    detail: { userId },
  });
}
