/** The claim: an environment exists as long as this does. It carries what is on record of it and owns everything else. */
import type { V1OwnerReference, V1PersistentVolumeClaim } from "@kubernetes/client-node";
import type { DesiredEnvironment } from "../../../../durable-objects/protocol/bridge-api.ts";
import { annotations, environmentFinalizer, labels, objectName } from "./names.ts";
import { bytesQuantity } from "./quantities.ts";
import type { ManifestSettings } from "./settings.ts";

/** What a claim says of its environment. */
export type ClaimWish = Pick<DesiredEnvironment, "id" | "generation" | "desired" | "resources">;

/**
 * Of an environment whose claim this is; what it says of size is only what is asked at first, growing is a step of its own. With
 * the uid of one that is there, no other is made or changed by it.
 */
export function claim(environment: ClaimWish, settings: ManifestSettings, uid?: string): V1PersistentVolumeClaim {
  const { storageClass } = settings;
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: objectName(environment.id),
      namespace: settings.namespace,
      ...(uid === undefined ? {} : { uid }),
      labels: labels(environment.id, settings),
      annotations: {
        [annotations.generation]: String(environment.generation),
        [annotations.desired]: environment.desired,
        [annotations.resources]: JSON.stringify(environment.resources),
      },
      finalizers: [environmentFinalizer],
    },
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: bytesQuantity(environment.resources.storage_bytes) } },
      ...(storageClass === null ? {} : { storageClassName: storageClass }),
    },
  };
}

/** By this a pod, Secret or Service goes with its claim; as controller a pod may also be drained. */
export function ownedByClaim(environmentId: string, claimUid: string, isController = false): V1OwnerReference {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    name: objectName(environmentId),
    uid: claimUid,
    ...(isController ? { controller: true } : {}),
  };
}
