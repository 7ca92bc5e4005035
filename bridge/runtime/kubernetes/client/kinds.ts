/** The kinds of object that the bridge works with, and where the API server has them. */

const kinds = {
  pods: "/api/v1",
  persistentvolumeclaims: "/api/v1",
  secrets: "/api/v1",
  configmaps: "/api/v1",
  services: "/api/v1",
  events: "/api/v1",
  resourcequotas: "/api/v1",
  limitranges: "/api/v1",
  networkpolicies: "/apis/networking.k8s.io/v1",
  namespaces: "/api/v1",
} as const;

export type Kind = keyof typeof kinds;

/** The path of all objects of a kind in a namespace (null: in all of them), or of one. Namespaces are in none. */
export function pathOf(kind: Kind, namespace: string | null, name?: string): string {
  const isPlaced = kind !== "namespaces" && namespace !== null;
  const place = isPlaced ? `${kinds[kind]}/namespaces/${encodeURIComponent(namespace)}` : kinds[kind];
  return name === undefined ? `${place}/${kind}` : `${place}/${kind}/${encodeURIComponent(name)}`;
}
