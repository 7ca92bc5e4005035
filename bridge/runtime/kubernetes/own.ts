/** Writing objects under names of ours: what has such a name and is not ours is never written to. */
import { RuntimeFailure } from "../runtime.ts";
import type { Calls } from "./client/calls.ts";
import type { Kind } from "./client/kinds.ts";
import type { ClusterObject, Manifest } from "./client/objects.ts";
import { isAdoptable } from "./observe/ownership.ts";

/** What there is under a name of ours; throws where it is somebody else's. */
export async function adopt(
  calls: Calls,
  clusterId: string,
  kind: Kind,
  name: string,
  signal: AbortSignal,
): Promise<ClusterObject | null> {
  const existing = await calls.get(kind, name, signal);
  if (existing === null || isAdoptable(existing, clusterId)) return existing;
  const what = kind === "networkpolicies" ? "networkpolicy" : kind.replace(/s$/, "");
  throw new RuntimeFailure("refused", `There is a ${what} ${name} in the cluster that is not ours`);
}

export async function applyOwn(
  calls: Calls,
  clusterId: string,
  kind: Kind,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<ClusterObject> {
  await adopt(calls, clusterId, kind, manifest.metadata?.name ?? "", signal);
  return await calls.apply(kind, manifest, signal, true);
}
