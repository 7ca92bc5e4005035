/** Which policies hold for which kind. */
import type { KubeObject } from "../api/objects.ts";
import { isFields } from "../api/objects.ts";
import type { Policy } from "../api/registry.ts";
import type { Resource } from "../api/resources.ts";
import { serviceAccountPolicy } from "../api/service-accounts.ts";
import { badRequest, type Cause, invalid } from "../api/statuses.ts";
import type { Store } from "../api/store.ts";
import { claimPolicy } from "./claims.ts";
import { claimLimitPolicy, podLimitPolicy } from "./limit-ranges.ts";
import { causeOf, metadataCauses } from "./names.ts";
import { podSecurityPolicy } from "./pod-security.ts";
import { podPolicy } from "./pods.ts";
import { quotaPolicy } from "./quotas.ts";
import { servicePolicy } from "./services.ts";

export function policiesFor(store: Store): (resource: Resource) => Policy[] {
  const byPlural: Record<string, Policy[]> = {
    // Defaults of the namespace come before those of the kind.
    pods: [podLimitPolicy(store), podPolicy, serviceAccountPolicy(store), podSecurityPolicy(store)],
    persistentvolumeclaims: [claimPolicy(store), claimLimitPolicy(store)],
    services: [servicePolicy(store)],
    secrets: [dataPolicy("Secret")],
    configmaps: [dataPolicy("ConfigMap")],
    namespaces: [namespacePolicy],
  };
  return (resource) => [metadataPolicy(resource), ...(byPlural[resource.plural] ?? []), quotaPolicy(store, resource)];
}

const namespacePolicy: Policy = {
  applyDefaults(namespace) {
    namespace["status"] = { phase: "Active" };
    const { name, labels } = namespace.metadata;
    namespace.metadata.labels = { ...labels, "kubernetes.io/metadata.name": name };
  },
};

const metadataPolicy = (resource: Resource): Policy => ({
  validate(object, before) {
    const { labels, annotations } = object.metadata;
    for (const [name, map] of Object.entries({ labels, annotations })) {
      const strange = Object.values(map ?? {}).find((value) => typeof value !== "string");
      if (strange !== undefined)
        throw badRequest(
          `json: cannot unmarshal ${typeof strange} into Go struct field ObjectMeta.metadata.${name} of type string`,
        );
    }
    const causes = metadataCauses(resource, object);
    if (before?.metadata.deletionTimestamp !== undefined) causes.push(...newFinalizers(before, object));
    if (causes.length > 0) throw invalid(resource, object.metadata.name, causes);
  },
});

/** Of an object that is being deleted finalizers may only go. */
function newFinalizers(before: KubeObject, after: KubeObject): Cause[] {
  const added = (after.metadata.finalizers ?? []).filter((name) => !before.metadata.finalizers?.includes(name));
  if (added.length === 0) return [];
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((name) => `"${name}"`).join(", ")}}`;
  return [{ reason: "FieldValueForbidden", message, field: "metadata.finalizers" }];
}

/** Secrets and ConfigMaps: keys are file names, and 1 MiB is all. */
const dataPolicy = (kind: "Secret" | "ConfigMap"): Policy => ({
  decode(object) {
    if (kind === "Secret") foldStringData(object);
  },
  applyDefaults(object) {
    if (kind === "Secret") object["type"] ??= "Opaque";
  },
  validate(object, before) {
    const data = isFields(object["data"]) ? object["data"] : {};
    const resource = {
      group: "",
      version: "v1",
      plural: `${kind.toLowerCase()}s`,
      kind,
      isNamespaced: true,
      shortNames: [],
      subresources: [],
    };
    const causes = Object.keys(data).flatMap((key) =>
      /^[-._a-zA-Z0-9]{1,253}$/.test(key) && key !== "." && !key.startsWith("..")
        ? []
        : [
            causeOf(
              `data[${key}]`,
              key,
              "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
            ),
          ],
    );
    if (Buffer.byteLength(JSON.stringify(data)) > 1.4 * 2 ** 20)
      causes.push({
        reason: "FieldValueTooLong",
        message: "Too long: may not be more than 1048576 bytes",
        field: "data",
      });
    if (before?.["immutable"] === true && JSON.stringify(before["data"]) !== JSON.stringify(data)) {
      causes.push({
        reason: "FieldValueForbidden",
        message: "Forbidden: field is immutable when `immutable` is set",
        field: "data",
      });
    }
    if (causes.length > 0) throw invalid(resource, object.metadata.name, causes);
  },
});

/** stringData is for writing only: it lands in data. */
function foldStringData(secret: KubeObject): void {
  const { stringData } = secret;
  if (!isFields(stringData)) return;
  const encoded = Object.entries(stringData).map(([key, value]) => [
    key,
    Buffer.from(String(value)).toString("base64"),
  ]);
  secret["data"] = { ...(isFields(secret["data"]) ? secret["data"] : {}), ...Object.fromEntries(encoded) };
  delete secret["stringData"];
}
