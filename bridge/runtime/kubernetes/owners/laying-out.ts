/** Makes a person's namespace with all that belongs in it, or makes it so again; and removes it. */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Owner } from "../../../../durable-objects/protocol/bridge-api.ts";
import { RuntimeFailure } from "../../runtime.ts";
import type { Calls } from "../client/calls.ts";
import type { ClusterObject } from "../client/objects.ts";
import { asFailure } from "../failures.ts";
import { annotations } from "../manifests/names.ts";
import { ownersMark } from "../manifests/owners-mark.ts";
import { parseQuantity } from "../manifests/quantities.ts";
import { pullSecret } from "../manifests/secrets.ts";
import type { ManifestSettings } from "../manifests/settings.ts";
import { adopt, applyOwn } from "../own.ts";
import type { Layout } from "./layout.ts";

/** How long the cluster may take to count by a quota that was changed; then it is gone on without. */
const countedWithinMs = 5_000;
const countedLookMs = 100;
/** The same of a namespace that is being removed; then it is tried again later. */
const goneWithinMs = 10_000;
const goneLookMs = 250;

const quotaSchema = z.looseObject({
  spec: z.looseObject({ hard: z.record(z.string(), z.string()) }),
  status: z.looseObject({ hard: z.record(z.string(), z.string()).nullish() }).nullish(),
});
const secretSchema = z.looseObject({ type: z.string(), data: z.record(z.string(), z.string()).nullish() });

interface Task {
  owner: Owner;
  layout: Layout;
  settings: ManifestSettings;
}

/** The namespace as it is then. Throws `refused` where one of this name is not ours, `unavailable` while it is being removed. */
export async function layOut(calls: Calls, task: Task, signal: AbortSignal): Promise<ClusterObject> {
  try {
    return await laidOut(calls, task, signal);
  } catch (error) {
    throw forOperators(error);
  }
}

/** That a namespace is not accepted has nothing to do with how somebody described an environment. */
function forOperators(error: unknown): unknown {
  const failure = asFailure(error);
  if (!(failure instanceof RuntimeFailure) || failure.reason !== "rejected") return failure;
  const message = "The cluster does not accept the namespace for its owner's environments";
  return Object.assign(new RuntimeFailure("refused", message), { cause: error });
}

async function laidOut(calls: Calls, { owner, layout, settings }: Task, signal: AbortSignal): Promise<ClusterObject> {
  const { clusterId } = settings;
  const name = layout.namespace.metadata?.name ?? "";
  const existing = await adopt(calls, clusterId, "namespaces", name, signal);
  refuseOther(name, owner, existing);
  if (existing?.metadata.deletionTimestamp) await untilGone(calls, clusterId, existing, signal);
  await calls.in(settings.namespace).apply("configmaps", ownersMark(settings), signal);
  const made = await calls.apply("namespaces", layout.namespace, signal, true);
  const inside = calls.in(name);
  const [applied] = await Promise.all([
    applyOwn(inside, clusterId, "resourcequotas", layout.quota, signal),
    applyOwn(inside, clusterId, "limitranges", layout.limits, signal),
    ...layout.policies.map((policy) => applyOwn(inside, clusterId, "networkpolicies", policy, signal)),
    ...settings.imagePullSecrets.map((secret) => copySecret(calls, secret, name, settings, signal)),
  ]);
  await untilCounted(inside, applied, signal);
  if (made.metadata.annotations?.[annotations.applied] === layout.hash) return made;
  return (await calls.annotate("namespaces", made.metadata, { [annotations.applied]: layout.hash })) ?? made;
}

function refuseOther(name: string, owner: Owner, existing: ClusterObject | null): void {
  const whose = existing?.metadata.annotations?.[annotations.owner];
  if (whose !== undefined && whose !== owner.id)
    throw new RuntimeFailure("refused", `The namespace ${name} is another person's`);
}

/** Whoever deletes their last environment and makes another one comes while the cluster is still clearing up. */
async function untilGone(
  calls: Calls,
  clusterId: string,
  { metadata }: ClusterObject,
  signal: AbortSignal,
): Promise<void> {
  for (const end = performance.now() + goneWithinMs; performance.now() < end; ) {
    await delay(goneLookMs, undefined, { signal });
    const found = await adopt(calls, clusterId, "namespaces", metadata.name, signal);
    if (found?.metadata.uid !== metadata.uid) return;
  }
  throw new RuntimeFailure("unavailable", "Its namespace is still being removed, and is made anew after that");
}

/** A quota counts only once the cluster has taken notice of it, which is some moments later. */
async function untilCounted(calls: Calls, applied: ClusterObject, signal: AbortSignal): Promise<void> {
  const end = performance.now() + countedWithinMs;
  for (let object: ClusterObject | null = applied; object !== null && !isCounted(object); ) {
    if (performance.now() > end) return;
    await delay(countedLookMs, undefined, { signal });
    object = await calls.get("resourcequotas", object.metadata.name, signal);
  }
}

function isCounted(object: ClusterObject): boolean {
  const { success, data } = quotaSchema.safeParse(object);
  if (!success) return true;
  const counted = data.status?.hard ?? {};
  return Object.entries(data.spec.hard).every(
    ([name, amount]) => parseQuantity(counted[name] ?? "") === parseQuantity(amount),
  );
}

/** Pods take such Secrets from their own namespace only. One that is missing is told by the image that cannot be pulled. */
async function copySecret(
  calls: Calls,
  secret: string,
  namespace: string,
  settings: ManifestSettings,
  signal: AbortSignal,
): Promise<void> {
  const found = secretSchema.safeParse(await calls.in(settings.namespace).get("secrets", secret, signal));
  if (!found.success) return;
  const { type, data } = found.data;
  const copy = pullSecret(secret, { type, data: data ?? {} }, { ...settings, namespace });
  await applyOwn(calls.in(namespace), settings.clusterId, "secrets", copy, signal);
}

/** Removes what is ours. Throws `refused` while somebody has a claim or a pod there: those are not ours, or came just now. */
export async function clear(calls: Calls, name: string, clusterId: string, signal: AbortSignal): Promise<void> {
  const existing = await adopt(calls, clusterId, "namespaces", name, signal);
  if (existing === null || existing.metadata.deletionTimestamp) return;
  for (const kind of ["persistentvolumeclaims", "pods"] as const) {
    const { objects } = await calls.in(name).list(kind, {}, signal);
    if (objects.length > 0) throw new RuntimeFailure("refused", `It holds ${kind} that are not the bridge's`);
  }
  await calls.delete("namespaces", { name, uid: existing.metadata.uid }, signal);
}
