/** What administrators do to clusters. */
import { Failed } from "../../rules/failures.ts";
import type { Principal } from "../../rules/principal.ts";
import {
  type ClusterChanges,
  deleteCluster,
  insertCluster,
  tokenIdsOf,
  updateCluster,
} from "../../store/catalog/clusters.ts";
import { type AuditAction, audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { endLinks } from "./bridge-tokens.ts";
import { type ClusterView, readCluster } from "./clusters.ts";

export interface AskedCluster {
  name: string;
  description?: string | undefined;
  provider?: string | undefined;
  region?: string | undefined;
  status?: ClusterView["status"] | undefined;
  isShared?: boolean | undefined;
  isDefault?: boolean | undefined;
  nodeCount?: number | undefined;
  maxEnvironments?: number | undefined;
}

/** Adds a cluster; the first one becomes the default. Fails as `already_exists` for a name in use, in any case. */
export async function createCluster(deps: Deps, admin: Principal, asked: AskedCluster): Promise<ClusterView> {
  const id = deps.newId("clu");
  const row = await insertCluster(deps.db, { ...asked, id, createdAt: deps.now(), updatedAt: deps.now() });
  if (row === null) throw nameTaken();
  note(deps, admin, "cluster.create", id, { name: row.name });
  return readCluster(deps, admin, id);
}

/** What is to change; `expected` throws for a cluster that is not the one the administrator has seen. */
export interface AskedClusterChange extends Omit<AskedCluster, "name"> {
  name?: string | undefined;
  expected?: ((before: ClusterView) => void) | undefined;
}

/**
 * Changes what is given of a cluster. In maintenance, or inactive, it takes no new environments and those it has go
 * on. Fails as `not_found`, `already_exists`, `invalid_input` for a default cluster that would leave none.
 */
export async function changeCluster(
  deps: Deps,
  admin: Principal,
  idOrName: string,
  { expected, ...asked }: AskedClusterChange,
): Promise<ClusterView> {
  const before = await readCluster(deps, admin, idOrName);
  if (before.isDefault && asked.isDefault === false) throw wouldLeaveNoDefault();
  expected?.(before);
  const changes: ClusterChanges = { ...asked, updatedAt: deps.now() };
  const outcome = await updateCluster(deps.db, before.id, changes, expected && before.updatedAt);
  if (outcome === "taken") throw nameTaken();
  if (outcome === "outdated" && expected) throw new Failed({ kind: "precondition_failed" });
  const given = Object.entries(asked).filter(([, value]) => value !== undefined);
  note(deps, admin, "cluster.update", before.id, Object.fromEntries(given));
  return readCluster(deps, admin, before.id);
}

/**
 * Removes a cluster, its bridges' tokens and links. Fails as `in_use` while environments live there, or while it is
 * the default among others.
 */
export async function removeCluster(deps: Deps, admin: Principal, idOrName: string): Promise<ClusterView> {
  const cluster = await readCluster(deps, admin, idOrName);
  const tokenIds = await tokenIdsOf(deps.db, cluster.id);
  const outcome = await deleteCluster(deps.db, cluster.id);
  if (outcome.kind === "missing") throw new Failed({ kind: "not_found", what: "cluster" });
  if (outcome.kind !== "deleted") {
    const by = outcome.kind === "in_use" ? environmentsOf(outcome.environments) : defaultUse;
    throw new Failed({ kind: "in_use", what: "cluster", by });
  }
  note(deps, admin, "cluster.delete", cluster.id, { name: cluster.name });
  await endLinks(
    deps,
    tokenIds.map((id) => ({ id, clusterId: cluster.id })),
  );
  return cluster;
}

const defaultUse = "whoever names no cluster: make another one the default first";

function environmentsOf(count: number): string {
  return count === 1 ? "1 environment" : `${count} environments`;
}

function note(deps: Deps, admin: Principal, action: AuditAction, id: string, detail: Record<string, unknown>): void {
  audit(deps, { action, actor: admin, target: { kind: "cluster", id }, detail });
}

function nameTaken(): Failed {
  return new Failed({ kind: "already_exists", what: "cluster", field: "name" });
}

function wouldLeaveNoDefault(): Failed {
  const message = "One cluster is always the default: make another one so";
  return new Failed({ kind: "invalid_input", errors: [{ field: "is_default", message, code: "last_default" }] });
}
