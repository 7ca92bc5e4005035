/** PersistentVolumeClaims: what is filled in, and what may change of one. */
import { isDeepStrictEqual } from "node:util";
import { fieldsAt, type KubeObject, textAt } from "../api/objects.ts";
import type { Policy } from "../api/registry.ts";
import { resourceOf } from "../api/resources.ts";
import { forbidden, invalid } from "../api/statuses.ts";
import type { Store } from "../api/store.ts";
import { required } from "./names.ts";
import { decodedQuantity } from "./quantities.ts";

const claims = resourceOf("persistentvolumeclaims");
const classes = resourceOf("storageclasses");
const isDefault = "storageclass.kubernetes.io/is-default-class";
export const protection = "kubernetes.io/pvc-protection";

export function claimPolicy(store: Store): Policy {
  return {
    applyDefaults(claim) {
      const spec = fieldsAt(claim, "spec");
      const standard = store.list(classes).find(({ metadata }) => metadata.annotations?.[isDefault] === "true");
      const storageClass =
        spec["storageClassName"] === undefined && standard !== undefined
          ? { storageClassName: standard.metadata.name }
          : {};
      claim["spec"] = { volumeMode: "Filesystem", ...storageClass, ...spec };
      claim["status"] = { phase: "Pending" };
      claim.metadata.finalizers = [...(claim.metadata.finalizers ?? []), protection];
    },

    validate(claim, before) {
      const { name } = claim.metadata;
      const spec = fieldsAt(claim, "spec");
      const size = storageOf(claim);
      const causes = [
        ...(Array.isArray(spec["accessModes"]) && spec["accessModes"].length > 0
          ? []
          : [required("spec.accessModes", "at least 1 access mode is required")]),
        ...(size === null ? [required("spec.resources[storage]")] : []),
      ];
      if (causes.length > 0) throw invalid(claims, name, causes);
      if (before !== null) checkChange(store, before, claim);
    },
  };
}

/** Bytes asked for. Throws 400 for what is no quantity. */
function storageOf(claim: KubeObject): number | null {
  const text = fieldsAt(claim, "spec", "resources", "requests")["storage"];
  return text === undefined ? null : decodedQuantity("PersistentVolumeClaim", String(text));
}

function checkChange(store: Store, before: KubeObject, after: KubeObject): void {
  const { name } = after.metadata;
  const isBound = textAt(before, "status", "phase") === "Bound";
  const frozen = (claim: KubeObject) => {
    const { resources: _, volumeName: __, ...spec } = fieldsAt(claim, "spec");
    return spec;
  };
  const [old, now] = [storageOf(before) ?? 0, storageOf(after) ?? 0];
  if (!isDeepStrictEqual(frozen(before), frozen(after)) || (!isBound && old !== now)) {
    const message =
      "Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
    throw invalid(claims, name, [{ reason: "FieldValueForbidden", message, field: "spec" }]);
  }
  if (now < old) {
    const message = "Forbidden: field can not be less than status.capacity";
    throw invalid(claims, name, [{ reason: "FieldValueForbidden", message, field: "spec.resources.requests.storage" }]);
  }
  const storageClass = store.get(classes, undefined, textAt(after, "spec", "storageClassName") ?? "");
  if (now > old && storageClass?.["allowVolumeExpansion"] !== true) {
    throw forbidden(
      claims,
      name,
      "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
    );
  }
}
