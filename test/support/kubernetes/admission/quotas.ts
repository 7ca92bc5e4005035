/** ResourceQuota: what a namespace may hold. It is refused by what the controller has counted, not by what is written. */
import { fieldsAt, type KubeObject } from "../api/objects.ts";
import type { Policy } from "../api/registry.ts";
import { type Resource, resourceOf } from "../api/resources.ts";
import { forbidden } from "../api/statuses.ts";
import type { Store } from "../api/store.ts";
import { type ContainerSpec, podSpecOf } from "./pod-schema.ts";
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
  const hard = fieldsAt(quota, "status", "hard");
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
  const { containers, initContainers } = podSpecOf(object);
  const together: Amounts = {};
  for (const each of containers)
    for (const [key, amount] of askedBy(each)) together[key] = (together[key] ?? 0) + amount;
  // Those that only prepare run one after another, before the others.
  for (const each of initContainers)
    for (const [key, amount] of askedBy(each)) together[key] = Math.max(together[key] ?? 0, amount);
  return { ...one, ...together };
}

function askedBy({ resources: { limits = {}, requests = {} } }: ContainerSpec): [string, number][] {
  const asked = Object.entries({ ...limits, ...requests }).flatMap(([name, text]) =>
    [`requests.${name}`, name].map((key): [string, string] => [key, text]),
  );
  const bounded = Object.entries(limits).map(([name, text]): [string, string] => [`limits.${name}`, text]);
  return [...asked, ...bounded].map(([key, text]) => [key, quantityOf(text) ?? 0]);
}

const only = (key: string, text: unknown): Amounts =>
  text === undefined ? {} : { [key]: quantityOf(String(text)) ?? 0 };

/** The controller: what is counted by a quota, soon after it was written, and what of it is in use. */
export function countQuotas(store: Store): void {
  const counted = ["pods", "persistentvolumeclaims", "secrets", "configmaps", "services"];
  store.onChange(({ resource, type, object }) => {
    if (resource !== quotas && !counted.includes(resource.plural)) return;
    if (resource === quotas && type === "DELETED") return;
    queueMicrotask(() => {
      for (const quota of store.list(quotas, object.metadata.namespace)) {
        const hard = fieldsAt(quota, "spec", "hard");
        const inUse = Object.keys(hard).map((key) => [key, String(used(store, quota, key))]);
        store.put(quotas, { ...quota, status: { hard, used: Object.fromEntries(inUse) } });
      }
    });
  });
}
