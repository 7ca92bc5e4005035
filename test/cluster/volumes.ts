/**
 * Where a cluster has only so many local volumes, each test's has to serve the next: it is emptied while its claim is there
 * still, and offered again when that is gone, unless the cluster sees to it.
 */
import type { V1PersistentVolume } from "@kubernetes/client-node";
import { type Connection, goneWithinMs, orNull, until } from "./connection.ts";
import { runErrand } from "./errands.ts";
import type { ClusterUnderTest } from "./run.ts";

/** Somebody who may only work in a namespace cannot see volumes; then none is offered again. */
const hidden = [403, 404];

/** The volume behind the claim if it outlives it. */
export async function keptVolumeOf(connection: Connection, namespace: string, name: string): Promise<string | null> {
  const claim = await orNull(connection.core.readNamespacedPersistentVolumeClaim({ name, namespace }));
  const volumeName = claim?.spec?.volumeName;
  if (volumeName === undefined) return null;
  const volume = await orNull(connection.core.readPersistentVolume({ name: volumeName }), hidden);
  return volume !== null && (await isKept(connection, volume)) ? volumeName : null;
}

/** One that nobody made on demand, who would delete it too, or that its class leaves for people to look at. */
async function isKept({ storage }: Connection, { spec, metadata }: V1PersistentVolume): Promise<boolean> {
  if (spec?.persistentVolumeReclaimPolicy === "Retain") return true;
  if (metadata?.annotations?.["pv.kubernetes.io/provisioned-by"] === undefined) return true;
  const storageClass = await orNull(storage.readStorageClass({ name: spec?.storageClassName || "-" }), hidden);
  return storageClass?.provisioner === "kubernetes.io/no-provisioner";
}

/** Empties and offers what claims of a run's own namespace have left: a claim is gone with its environment. */
export async function recoverVolumes(
  connection: Connection,
  run: ClusterUnderTest,
  ofNamespace = run.namespace,
): Promise<void> {
  const volumes = await orNull(connection.core.listPersistentVolume(), hidden);
  for (const volume of volumes?.items ?? []) {
    const name = volume.metadata?.name ?? "";
    if (!isIn(ofNamespace, volume) || !(await isKept(connection, volume))) continue;
    if (!(await offerAgain(connection, name))) continue;
    await emptyUnclaimed(connection, run, name);
    await offerAgain(connection, name);
  }
}

/** Its claim was in the run's namespace, or in one of its people's. */
function isIn(namespace: string, { spec }: V1PersistentVolume): boolean {
  const whose = spec?.claimRef?.namespace ?? "";
  return whose === namespace || whose.startsWith(`${namespace}-`);
}

/** By a claim for this volume and no other. */
async function emptyUnclaimed(connection: Connection, run: ClusterUnderTest, volumeName: string): Promise<void> {
  const { core } = connection;
  const { namespace, labels } = run;
  const volume = await orNull(core.readPersistentVolume({ name: volumeName }));
  if (volume?.spec === undefined) return;
  const { accessModes = [], capacity = {}, storageClassName = "" } = volume.spec;
  const storage = capacity["storage"] ?? "1";
  const spec = { accessModes, volumeName, storageClassName, resources: { requests: { storage } } };
  const name = `empty-${volumeName}`.slice(0, 60).replace(/[^a-z0-9]+$/, "");
  await core.createNamespacedPersistentVolumeClaim({ namespace, body: { metadata: { name, labels }, spec } });
  await empty(connection, run, name);
  await core.deleteNamespacedPersistentVolumeClaim({ name, namespace });
  const isGone = async () => (await orNull(core.readNamespacedPersistentVolumeClaim({ name, namespace }))) === null;
  await until(`claim ${name} is gone`, goneWithinMs, isGone);
}

export async function empty(connection: Connection, run: ClusterUnderTest, claimName: string): Promise<void> {
  // What environments make there, and nothing else: a file system's own, such as lost+found, is not ours.
  const script = "cd /volume && { chmod -R u+rwx workspace home 2>/dev/null; rm -rf workspace home; }";
  await runErrand(connection, { ...run, script, claimName });
}

/**
 * Waits until the volume can be bound again, or is gone: whoever took it away makes another. Takes its former claim out of it
 * where nobody else does; false where it may not be written.
 */
export async function offerAgain({ core }: Connection, name: string): Promise<boolean> {
  const offered = await until(`volume ${name} is available again`, goneWithinMs, async () => {
    const volume = await orNull(core.readPersistentVolume({ name }));
    if (volume === null || volume.status?.phase === "Available") return "yes";
    if (!["Released", "Failed"].includes(volume.status?.phase ?? "") || volume.spec?.claimRef === undefined)
      return null;
    const body = [{ op: "remove", path: "/spec/claimRef" }];
    // Somebody may have been quicker: then there is no such volume, or no claim in it.
    const patched = orNull(core.patchPersistentVolume({ name, body }), [404, 422]).then(() => true);
    return (await orNull(patched, [403])) === null ? "no" : null;
  });
  return offered === "yes";
}

/**
 * Whether the claim, which is being deleted, is gone; takes our finalizer away, which nobody else will. The cluster's own stays until
 * no pod has the volume any more.
 */
export async function isReleased({ core }: Connection, place: { name: string; namespace: string }): Promise<boolean> {
  const claim = await orNull(core.readNamespacedPersistentVolumeClaim(place));
  const { finalizers = [], resourceVersion } = claim?.metadata ?? {};
  const others = finalizers.filter((each) => !each.startsWith("devpocket.app/"));
  if (others.length === finalizers.length) return claim === null;
  const body = [
    { op: "test", path: "/metadata/resourceVersion", value: resourceVersion },
    { op: "replace", path: "/metadata/finalizers", value: others },
  ];
  await orNull(core.patchNamespacedPersistentVolumeClaim({ ...place, body }), [404, 409, 422]);
  return false;
}
