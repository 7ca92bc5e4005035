/** Makes a person's namespace with all that belongs in it, or makes it so again; and removes it. */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Owner } from "../../../../durable-objects/protocol/bridge-api.ts";
import { RuntimeFailure } from "../../runtime.ts";
import type { Calls, ClusterObject } from "../client/calls.ts";
import { annotations } from "../manifests/names.ts";
import { parseQuantity } from "../manifests/quantities.ts";
import { pullSecret } from "../manifests/secrets.ts";
import type { ManifestSettings } from "../manifests/settings.ts";
import { adopt, applyOwn } from "../own.ts";
import type { Layout } from "./layout.ts";

/** How long the cluster may take to count by a quota that was changed; then it is gone on without. */
const countedWithinMs = 5_000;
const countedLookMs = 100;

const quotaSchema = z.looseObject({
  spec: z.looseObject({ hard: z.record(z.string(), z.string()) }),
  status: z.looseObject({ hard: z.record(z.string(), z.string()).nullish() }).nullish(),
});
const secretSchema = z.looseObject({ type: z.string(), data: z.record(z.string(), z.string()).nullish() });

/** The namespace as it is then. Throws `rejected` where one of this name is not ours, `unavailable` while it is being removed. */
export async function layOut(
  calls: Calls,
  owner: Owner,
  layout: Layout,
  settings: ManifestSettings,
  signal: AbortSignal,
): Promise<ClusterObject> {
  const { clusterId } = settings;
  const name = layout.namespace.metadata?.name ?? "";
  refuseOther(name, owner, await adopt(calls, clusterId, "namespaces", name, signal));
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
  if (existing === null) return;
  const whose = existing.metadata.annotations?.[annotations.owner];
  if (whose !== undefined && whose !== owner.id)
    throw new RuntimeFailure("refused", `The namespace ${name} is another person's`, "rejected");
  if (existing.metadata.deletionTimestamp)
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

/** Only what is ours and holds no claim, whoever's; tells whether it is gone or going. */
export async function clear(calls: Calls, name: string, clusterId: string, signal: AbortSignal): Promise<boolean> {
  const existing = await adopt(calls, clusterId, "namespaces", name, signal);
  if (existing === null || existing.metadata.deletionTimestamp) return true;
  const { objects } = await calls.in(name).list("persistentvolumeclaims", {}, signal);
  if (objects.length > 0) return false;
  await calls.delete("namespaces", { name, uid: existing.metadata.uid }, signal);
  return true;
}
