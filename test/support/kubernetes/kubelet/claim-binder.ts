/** Binds claims to volumes: at once, or when a pod that uses one is scheduled (WaitForFirstConsumer). */
import { protection } from "../admission/claims.ts";
import { podSpecOf } from "../admission/pod-schema.ts";
import { quantityOf } from "../admission/quantities.ts";
import { fieldsAt, type KubeObject, textAt, timestamp } from "../api/objects.ts";
import { resourceOf } from "../api/resources.ts";
import type { Store } from "../api/store.ts";
import { writeEvent } from "./events.ts";
import { PersistentVolumes, provisioner, type StorageClassSpec } from "./persistent-volumes.ts";

const claims = resourceOf("persistentvolumeclaims");
const classes = resourceOf("storageclasses");
const pods = resourceOf("pods");

export class ClaimBinder {
  readonly #store: Store;
  readonly #volumes: PersistentVolumes;
  readonly #specs: readonly StorageClassSpec[];

  constructor(store: Store, directory: string, specs: readonly StorageClassSpec[]) {
    this.#store = store;
    this.#volumes = new PersistentVolumes(store, directory);
    this.#specs = specs;
    for (const spec of specs) {
      this.#addClass(spec);
      this.#volumes.addStatic(spec);
    }
    store.onChange(({ resource, type, object }) => {
      if (resource === claims && type !== "DELETED") queueMicrotask(() => this.#look(object.metadata));
      if (resource === claims && type === "DELETED")
        void this.#volumes.release(textAt(object, "spec", "volumeName") ?? "");
      if (resource === pods) queueMicrotask(() => this.#lookAtAllDeleted());
    });
  }

  directoryOf(claim: KubeObject): string {
    return this.#volumes.directoryOf(textAt(claim, "spec", "volumeName") ?? "");
  }

  /** Binds it for a pod that waits for it; says why not, or null. */
  bindForConsumer(claim: KubeObject): string | null {
    if (textAt(claim, "status", "phase") === "Bound") return null;
    const spec = this.#specOf(claim);
    if (spec?.waitsForConsumer !== true || textAt(claim, "spec", "volumeName") !== undefined)
      return "pod has unbound immediate PersistentVolumeClaims";
    return this.#bind(claim, spec) ? null : "node(s) didn't find available persistent volumes to bind";
  }

  #addClass({ name, isDefault, waitsForConsumer, isDynamic, allowsExpansion, reclaimPolicy }: StorageClassSpec): void {
    this.#store.put(classes, {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: {
        name,
        uid: crypto.randomUUID(),
        resourceVersion: "",
        creationTimestamp: timestamp(),
        annotations: { "storageclass.kubernetes.io/is-default-class": String(isDefault === true) },
      },
      provisioner: isDynamic === true ? provisioner : "kubernetes.io/no-provisioner",
      reclaimPolicy: reclaimPolicy ?? "Delete",
      volumeBindingMode: waitsForConsumer === true ? "WaitForFirstConsumer" : "Immediate",
      allowVolumeExpansion: allowsExpansion === true,
    });
  }

  #specOf(claim: KubeObject): StorageClassSpec | undefined {
    return this.#specs.find(({ name }) => name === textAt(claim, "spec", "storageClassName"));
  }

  #look({ namespace, name }: { namespace?: string; name: string }): void {
    const claim = this.#store.get(claims, namespace, name);
    if (claim === undefined) return;
    const spec = this.#specOf(claim);
    if (claim.metadata.deletionTimestamp !== undefined) this.#unprotect(claim);
    else if (textAt(claim, "status", "phase") === "Bound") this.#expand(claim);
    else if (spec === undefined)
      this.#tell(claim, "FailedBinding", "no persistent volumes available for this claim and no storage class is set");
    else if (spec.waitsForConsumer === true && textAt(claim, "spec", "volumeName") === undefined)
      this.#tell(claim, "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
    else if (!this.#bind(claim, spec))
      this.#tell(claim, "ProvisioningFailed", "no volume plugin matched name: kubernetes.io/no-provisioner", "Warning");
  }

  #bind(claim: KubeObject, spec: StorageClassSpec): boolean {
    const volume = this.#volumes.take(claim, spec);
    if (volume === null) return false;
    const volumeName = volume.metadata.name;
    // The volume's, which may have more than was asked for.
    const { accessModes, capacity } = fieldsAt(volume, "spec");
    const status = { phase: "Bound", accessModes, capacity };
    this.#store.put(claims, { ...claim, spec: { ...fieldsAt(claim, "spec"), volumeName }, status });
    return true;
  }

  #expand(claim: KubeObject): void {
    const capacity = fieldsAt(claim, "spec", "resources", "requests");
    const has = quantityOf(String(fieldsAt(claim, "status", "capacity")["storage"])) ?? 0;
    if (has >= (quantityOf(String(capacity["storage"])) ?? 0)) return;
    this.#store.put(claims, { ...claim, status: { ...fieldsAt(claim, "status"), capacity } });
  }

  /** A claim that is being deleted goes when no pod uses it any more. */
  #unprotect(claim: KubeObject): void {
    const { namespace, name, finalizers = [] } = claim.metadata;
    if (!finalizers.includes(protection)) return;
    const isUsed = this.#store
      .list(pods, namespace)
      .some((pod) => podSpecOf(pod).volumes.some((volume) => volume.persistentVolumeClaim?.claimName === name));
    if (isUsed) return;
    const rest = finalizers.filter((each) => each !== protection);
    const freed = this.#store.put(claims, { ...claim, metadata: { ...claim.metadata, finalizers: rest } });
    if (rest.length === 0) this.#store.remove(claims, freed);
  }

  #lookAtAllDeleted(): void {
    for (const claim of this.#store.list(claims))
      if (claim.metadata.deletionTimestamp !== undefined) this.#unprotect(claim);
  }

  #tell(claim: KubeObject, reason: string, message: string, type: "Normal" | "Warning" = "Normal"): void {
    const isTold = this.#store
      .list(resourceOf("events"), claim.metadata.namespace)
      .some((event) => textAt(event, "involvedObject", "uid") === claim.metadata.uid && event["reason"] === reason);
    if (!isTold) writeEvent(this.#store, claim, { type, reason, message, component: "persistentvolume-controller" });
  }
}
