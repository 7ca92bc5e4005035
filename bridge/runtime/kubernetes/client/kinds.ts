/** The kinds of object that the bridge works with, and where the API server has them. */

const kinds = {
  pods: "/api/v1",
  persistentvolumeclaims: "/api/v1",
  secrets: "/api/v1",
  configmaps: "/api/v1",
  services: "/api/v1",
  events: "/api/v1",
  networkpolicies: "/apis/networking.k8s.io/v1",
} as const;

export type Kind = keyof typeof kinds;

/** The path of all objects of a kind in a namespace, or of one. */
export function pathOf(kind: Kind, namespace: string, name?: string): string {
  const all = `${kinds[kind]}/namespaces/${encodeURIComponent(namespace)}/${kind}`;
  return name === undefined ? all : `${all}/${encodeURIComponent(name)}`;
}
