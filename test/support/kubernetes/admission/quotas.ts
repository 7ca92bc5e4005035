/** ResourceQuota and LimitRange: what a namespace may hold, and what a container gets when it asks for nothing. */
import { type Fields, fieldsAt, isFields, type KubeObject } from "../api/objects.ts";
import type { Policy } from "../api/registry.ts";
import { type Resource, resourceOf } from "../api/resources.ts";
import { forbidden } from "../api/statuses.ts";
import type { Store } from "../api/store.ts";
import { podSpecOf } from "./pod-schema.ts";
import { quantityOf } from "./quantities.ts";

type Amounts = Record<string, number>;

const quotas = resourceOf("resourcequotas");

export function quotaPolicy(store: Store, resource: Resource): Policy {
  return {
    admit(object, before) {
      const { namespace, name } = object.metadata;
      if (namespace === undefined || resource === quotas) return;
      for (const quota of store.list(quotas, namespace)) {
        const asked = amountsOf(resource, object);
        if (before !== null)
          for (const [key, value] of Object.entries(amountsOf(resource, before)))
            asked[key] = (asked[key] ?? 0) - value;
        const why = refusalOf(store, quota, resource, object, asked);
        if (why !== null) throw forbidden(resource, name, why);
      }
    },
  };
}

function refusalOf(
  store: Store,
  quota: KubeObject,
  resource: Resource,
  object: KubeObject,
  asked: Amounts,
): string | null {
  const hard = fieldsAt(quota, "spec", "hard");
  const missing = Object.keys(hard).filter(
    (key) => /^(requests|limits)\.|^(cpu|memory)$/.test(key) && !key.includes("storage") && asked[key] === undefined,
  );
  if (resource.plural === "pods" && missing.length > 0) {
    const names = podSpecOf(object)
      .containers.map((container) => container.name)
      .join(",");
    return `failed quota: ${quota.metadata.name}: must specify ${missing.map((key) => `${key} for: ${names}`).join("; ")}`;
  }
  const over = Object.keys(hard).filter(
    (key) =>
      (asked[key] ?? 0) > 0 && used(store, quota, key) + (asked[key] ?? 0) > (quantityOf(String(hard[key])) ?? 0),
  );
  if (over.length === 0) return null;
  const list = (amount: (key: string) => unknown) => over.map((key) => `${key}=${amount(key)}`).join(",");
  return `exceeded quota: ${quota.metadata.name}, requested: ${list((key) => asked[key])}, used: ${list((key) => used(store, quota, key))}, limited: ${list((key) => hard[key])}`;
}

function used(store: Store, quota: KubeObject, key: string): number {
  const { namespace } = quota.metadata;
  const counted = ["pods", "persistentvolumeclaims", "secrets", "configmaps", "services"].map((plural) =>
    resourceOf(plural),
  );
  const live = counted.flatMap((resource) =>
    store
      .list(resource, namespace)
      .filter(isCounted)
      .map((object) => amountsOf(resource, object)[key] ?? 0),
  );
  return live.reduce((sum, amount) => sum + amount, 0);
}

/** Pods that have ended hold nothing. */
const isCounted = (object: KubeObject) =>
  !["Succeeded", "Failed"].includes(String(fieldsAt(object, "status")["phase"]));

/** What the object takes of each thing a quota may bound. */
function amountsOf(resource: Resource, object: KubeObject): Amounts {
  const one = { [resource.plural]: 1, [`count/${resource.plural}`]: 1 };
  if (resource.plural === "persistentvolumeclaims")
    return { ...one, ...only("requests.storage", fieldsAt(object, "spec", "resources", "requests")["storage"]) };
  if (resource.plural !== "pods") return one;
  const amounts: Amounts = { ...one };
  for (const { resources } of podSpecOf(object).containers) {
    const { limits = {}, requests = {} } = resources;
    for (const [name, text] of Object.entries({ ...limits, ...requests }))
      add(amounts, [`requests.${name}`, name], text);
    for (const [name, text] of Object.entries(limits)) add(amounts, [`limits.${name}`], text);
  }
  return amounts;
}

function add(amounts: Amounts, keys: string[], text: string): void {
  for (const key of keys) amounts[key] = (amounts[key] ?? 0) + (quantityOf(text) ?? 0);
}

const only = (key: string, text: unknown): Amounts =>
  text === undefined ? {} : { [key]: quantityOf(String(text)) ?? 0 };

/** Fills in a LimitRange's defaults for containers that ask for nothing. */
export function limitRangePolicy(store: Store): Policy {
  return {
    applyDefaults(pod) {
      const { namespace } = pod.metadata;
      const ranges = store
        .list(resourceOf("limitranges"), namespace)
        .flatMap((range) => fieldsAt(range, "spec")["limits"] ?? []);
      for (const range of ranges) if (isFields(range) && range["type"] === "Container") fill(pod, range);
    },
  };
}

function fill(pod: KubeObject, range: Fields): void {
  const spec = fieldsAt(pod, "spec");
  const { containers } = spec;
  if (!Array.isArray(containers)) return;
  const filled = containers.map((container) => {
    const { limits, requests } = fieldsAt(container, "resources");
    const withLimits = { ...fieldsAt(range, "default"), ...(isFields(limits) ? limits : {}) };
    const asked = { ...withLimits, ...fieldsAt(range, "defaultRequest"), ...(isFields(requests) ? requests : {}) };
    return { ...container, resources: { limits: withLimits, requests: asked } };
  });
  pod["spec"] = { ...spec, containers: filled };
}
