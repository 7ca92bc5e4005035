/**
 * Where a cluster has only so many local volumes, each test's has to serve the next: it is emptied while its claim is there
 * still, and offered again when that is gone, unless the cluster sees to it.
 */
import type { V1PersistentVolume } from "@kubernetes/client-node";
import { type Connection, orNull, until } from "./connection.ts";
import { runErrand } from "./errands.ts";
import type { ClusterUnderTest } from "./run.ts";

/** The volume behind the claim if it is one of a kind that is not made on demand. */
export async function localVolumeOf(
  connection: Connection,
  namespace: string,
  claimName: string,
): Promise<string | null> {
  const claim = await orNull(connection.core.readNamespacedPersistentVolumeClaim({ name: claimName, namespace }));
  const { volumeName, storageClassName } = claim?.spec ?? {};
  if (volumeName === undefined || storageClassName === undefined) return null;
  const storageClass = await orNull(connection.storage.readStorageClass({ name: storageClassName }));
  return storageClass?.provisioner === "kubernetes.io/no-provisioner" ? volumeName : null;
}

export async function empty(connection: Connection, run: ClusterUnderTest, claimName: string): Promise<void> {
  const script = "chmod -R u+rwx /volume/* 2>/dev/null; find /volume -mindepth 1 -delete";
  await runErrand(connection, { ...run, script, claimName });
}

/** Waits until the volume can be bound again; takes its former claim out of it where nobody else does. */
export async function offerAgain({ core }: Connection, name: string): Promise<void> {
  await until(`volume ${name} is available again`, 60_000, async () => {
    const volume = await orNull(core.readPersistentVolume({ name }));
    if (volume === null || isAvailable(volume)) return true;
    if (!["Released", "Failed"].includes(volume.status?.phase ?? "") || volume.spec?.claimRef === undefined)
      return null;
    await orNull(core.patchPersistentVolume({ name, body: [{ op: "remove", path: "/spec/claimRef" }] }));
    return null;
  });
}

const isAvailable = ({ status }: V1PersistentVolume) => status?.phase === "Available";
