/** Which lists are merged item by item, and by which keys (OpenAPI's x-kubernetes-list-type: map and set); others are atomic. */
import { type Fields, isFields } from "../api/objects.ts";

const keysByList: Record<string, readonly string[]> = {
  containers: ["name"],
  initContainers: ["name"],
  volumes: ["name"],
  env: ["name"],
  imagePullSecrets: ["name"],
  volumeMounts: ["mountPath"],
  volumeDevices: ["devicePath"],
  conditions: ["type"],
  containerStatuses: ["name"],
  hostAliases: ["ip"],
  podIPs: ["ip"],
  topologySpreadConstraints: ["topologyKey", "whenUnsatisfiable"],
  ownerReferences: ["uid"],
};
const sets = ["finalizers"];
/** Structs and maps that are replaced as a whole. */
const atomicMaps = [
  "selector",
  "nodeSelector",
  "secretKeyRef",
  "configMapKeyRef",
  "fieldRef",
  "resourceFieldRef",
  "podSelector",
];

/** The identity of a list's items: by keys, by value (`set`), or null where the list is one value. */
export function identityOf(list: string, items: readonly unknown[]): ((item: unknown) => string) | null {
  if (sets.includes(list)) return (item) => `v:${JSON.stringify(item)}`;
  const keys = list === "ports" ? portKeys(items) : keysByList[list];
  if (keys === undefined || !items.every(isFields)) return null;
  return (item) => `k:${JSON.stringify(keyFields(item, keys))}`;
}

export const isAtomicMap = (field: string): boolean => atomicMaps.includes(field);

function portKeys(items: readonly unknown[]): readonly string[] {
  return items.some((item) => isFields(item) && "containerPort" in item)
    ? ["containerPort", "protocol"]
    : ["port", "protocol"];
}

function keyFields(item: unknown, keys: readonly string[]): Fields {
  const fields = isFields(item) ? item : {};
  const pairs = keys.map((key) => [key, fields[key] ?? (key === "protocol" ? "TCP" : null)]);
  return Object.fromEntries(pairs.toSorted(([one], [other]) => (String(one) < String(other) ? -1 : 1)));
}
