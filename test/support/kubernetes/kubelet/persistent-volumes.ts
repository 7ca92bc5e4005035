/** PersistentVolumes: directories of this machine, made on demand by a class or there from the start (local ones). */
import { join } from "node:path";
import { quantityOf } from "../admission/quantities.ts";
import { fieldsAt, type KubeObject, textAt, timestamp } from "../api/objects.ts";
import { resourceOf } from "../api/resources.ts";
import type { Store } from "../api/store.ts";
import { removeTree } from "./remove-tree.ts";

export interface StorageClassSpec {
  name: string;
  isDefault?: boolean;
  /** Bound when a pod wants it, rather than at once. */
  waitsForConsumer?: boolean;
  /** Makes volumes as they are asked for; otherwise `staticVolumes` is all there is. */
  isDynamic?: boolean;
  staticVolumes?: number;
  /**
   * `Retain`: a volume whose claim is gone is Released, until somebody takes the claim out of it. `Delete`: it is deleted, or Failed
   * where there is nobody who makes volumes and could delete them.
   */
  reclaimPolicy?: "Delete" | "Retain";
  allowsExpansion?: boolean;
}

const volumes = resourceOf("persistentvolumes");
/** Of a class that makes its volumes. */
export const provisioner = "fake.devpocket.app/directory";
/** Local volumes are small, and a claim for more is never bound. */
const staticCapacity = "1Gi";

export class PersistentVolumes {
  readonly #store: Store;
  readonly #directory: string;

  constructor(store: Store, directory: string) {
    this.#store = store;
    this.#directory = directory;
    store.onChange(({ resource, type, object }) => {
      if (resource === volumes && type === "MODIFIED") queueMicrotask(() => this.#offerAgain(object.metadata.name));
    });
  }

  directoryOf(volumeName: string): string {
    return join(this.#directory, volumeName);
  }

  addStatic(spec: StorageClassSpec): void {
    for (let index = 0; index < (spec.staticVolumes ?? 0); index += 1) {
      this.#put(spec, `${spec.name}-${index}`, { capacity: { storage: staticCapacity } }, "Available");
    }
  }

  /** A volume for the claim, made or found, or null where there is none. */
  take(claim: KubeObject, spec: StorageClassSpec): KubeObject | null {
    const { accessModes, resources } = fieldsAt(claim, "spec");
    const wanted = fieldsAt(resources, "requests");
    const { namespace, name, uid } = claim.metadata;
    const claimRef = { kind: "PersistentVolumeClaim", apiVersion: "v1", namespace, name, uid };
    if (spec.isDynamic === true) {
      return this.#put(spec, `pvc-${uid}`, { capacity: wanted, accessModes, claimRef }, "Bound");
    }
    const bytes = quantityOf(String(wanted["storage"])) ?? 0;
    const named = textAt(claim, "spec", "volumeName");
    const free = this.#store
      .list(volumes)
      .find((volume) => isFree(volume, spec.name, bytes) && (named ?? volume.metadata.name) === volume.metadata.name);
    if (free === undefined) return null;
    const bound = { ...free, spec: { ...fieldsAt(free, "spec"), claimRef }, status: { phase: "Bound" } };
    return this.#store.put(volumes, bound);
  }

  /** The claim is gone. */
  async release(volumeName: string): Promise<void> {
    const volume = this.#store.get(volumes, undefined, volumeName);
    if (volume === undefined) return;
    const isRetained = textAt(volume, "spec", "persistentVolumeReclaimPolicy") === "Retain";
    const isLocal = fieldsAt(volume, "spec")["local"] !== undefined;
    if (isRetained || isLocal)
      return void this.#store.put(volumes, { ...volume, status: { phase: isRetained ? "Released" : "Failed" } });
    this.#store.remove(volumes, volume);
    await removeTree(this.directoryOf(volumeName));
  }

  #offerAgain(name: string): void {
    const volume = this.#store.get(volumes, undefined, name);
    if (volume === undefined || fieldsAt(volume, "spec")["claimRef"] !== undefined) return;
    if (textAt(volume, "status", "phase") !== "Available")
      this.#store.put(volumes, { ...volume, status: { phase: "Available" } });
  }

  #put(spec: StorageClassSpec, name: string, change: object, phase: string): KubeObject {
    const isLocal = spec.isDynamic !== true;
    const annotations = isLocal ? {} : { "pv.kubernetes.io/provisioned-by": provisioner };
    const metadata = {
      ...{ name, uid: crypto.randomUUID(), resourceVersion: "", creationTimestamp: timestamp() },
      annotations,
    };
    return this.#store.put(volumes, {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata,
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName: spec.name,
        persistentVolumeReclaimPolicy: spec.reclaimPolicy ?? "Delete",
        ...(isLocal ? { local: { path: this.directoryOf(name) } } : {}),
        ...change,
      },
      status: { phase },
    });
  }
}

function isFree(volume: KubeObject, storageClass: string, bytes: number): boolean {
  return (
    textAt(volume, "spec", "storageClassName") === storageClass &&
    textAt(volume, "status", "phase") === "Available" &&
    (quantityOf(String(fieldsAt(volume, "spec", "capacity")["storage"])) ?? 0) >= bytes
  );
}
