/** The kinds this server knows. Discovery, paths and RBAC all read this table. */

export interface Resource {
  group: string;
  version: string;
  plural: string;
  kind: string;
  isNamespaced: boolean;
  shortNames: readonly string[];
  subresources: readonly string[];
}

const core = (plural: string, kind: string, change: Partial<Resource> = {}): Resource => ({
  group: "",
  version: "v1",
  plural,
  kind,
  isNamespaced: true,
  shortNames: [],
  subresources: [],
  ...change,
});

export const resources: readonly Resource[] = [
  core("pods", "Pod", { shortNames: ["po"], subresources: ["status", "exec", "log"] }),
  core("secrets", "Secret"),
  core("configmaps", "ConfigMap", { shortNames: ["cm"] }),
  core("services", "Service", { shortNames: ["svc"], subresources: ["status"] }),
  core("persistentvolumeclaims", "PersistentVolumeClaim", { shortNames: ["pvc"], subresources: ["status"] }),
  core("persistentvolumes", "PersistentVolume", { shortNames: ["pv"], isNamespaced: false }),
  core("events", "Event", { shortNames: ["ev"] }),
  core("resourcequotas", "ResourceQuota", { shortNames: ["quota"], subresources: ["status"] }),
  core("limitranges", "LimitRange", { shortNames: ["limits"] }),
  core("serviceaccounts", "ServiceAccount", { shortNames: ["sa"] }),
  core("namespaces", "Namespace", { shortNames: ["ns"], isNamespaced: false }),
  core("nodes", "Node", { shortNames: ["no"], isNamespaced: false }),
  core("networkpolicies", "NetworkPolicy", { group: "networking.k8s.io", shortNames: ["netpol"] }),
  core("storageclasses", "StorageClass", { group: "storage.k8s.io", shortNames: ["sc"], isNamespaced: false }),
  core("leases", "Lease", { group: "coordination.k8s.io" }),
];

/** Asked for like the others, but kept nowhere. */
export const unstored: readonly Resource[] = [
  core("selfsubjectaccessreviews", "SelfSubjectAccessReview", { group: "authorization.k8s.io", isNamespaced: false }),
  core("pods", "PodMetrics", { group: "metrics.k8s.io", version: "v1beta1" }),
  core("nodes", "NodeMetrics", { group: "metrics.k8s.io", version: "v1beta1", isNamespaced: false }),
];

/** `v1` or `group/v1`. */
export function apiVersionOf(resource: Pick<Resource, "group" | "version">): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

/** `pods` or `leases.coordination.k8s.io`: how messages name it. */
export function qualifiedName(resource: Pick<Resource, "group" | "plural">): string {
  return resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
}

export function resourceOf(plural: string): Resource {
  const found = resources.find((each) => each.plural === plural);
  if (found === undefined) throw new Error(`the fake cluster has no ${plural}`);
  return found;
}
