/**
 * What environments may reach and who may reach them: nobody reaches them; they resolve names and reach the public
 * internet, not each other, not the cluster, not a cloud's metadata. Whether it holds is the cluster's network to say.
 */
import type { V1NetworkPolicy } from "@kubernetes/client-node";
import { clusterSlug, commonLabels, environmentSelector } from "./names.ts";
import type { ManifestSettings } from "./settings.ts";

/** Everything of IPv4 that is not public (RFC 6890), and what a cloud answers on from inside. */
export const privateIpv4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  // Link-local, with 169.254.169.254, the metadata of most clouds.
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  // Azure's own, on a public address.
  "168.63.129.16/32",
] as const;

/** The same of IPv6, with the addresses that stand for one of IPv4: NAT64 and 6to4. Metadata lies in fc00::/7 and fe80::/10. */
export const privateIpv6 = [
  "::/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
] as const;

const dnsPorts = [
  { port: 53, protocol: "UDP" },
  { port: 53, protocol: "TCP" },
];
const clusterDns = {
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
  podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
};

/** Both policies of a namespace. */
export function networkPolicies(settings: ManifestSettings): V1NetworkPolicy[] {
  return [isolation(settings), outbound(settings)];
}

export function policyNames(settings: Pick<ManifestSettings, "clusterId">): string[] {
  return [nameOf("isolated", settings), nameOf("internet", settings)];
}

function nameOf(what: "isolated" | "internet", settings: Pick<ManifestSettings, "clusterId">): string {
  return `devpocket-${clusterSlug(settings)}-${what}`;
}

function isolation(settings: ManifestSettings): V1NetworkPolicy {
  return policy("isolated", settings, { policyTypes: ["Ingress", "Egress"] });
}

function outbound(settings: ManifestSettings): V1NetworkPolicy {
  const resolvers = settings.dnsServers.map((cidr) => ({ ipBlock: { cidr } }));
  return policy("internet", settings, {
    policyTypes: ["Egress"],
    egress: [
      { to: [clusterDns, ...resolvers], ports: dnsPorts },
      {
        to: [
          { ipBlock: { cidr: "0.0.0.0/0", except: [...privateIpv4] } },
          { ipBlock: { cidr: "::/0", except: [...privateIpv6] } },
        ],
      },
    ],
  });
}

function policy(
  what: "isolated" | "internet",
  settings: ManifestSettings,
  rules: { policyTypes: string[]; egress?: NonNullable<V1NetworkPolicy["spec"]>["egress"] & object },
): V1NetworkPolicy {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: {
      name: nameOf(what, settings),
      namespace: settings.namespace,
      labels: { ...commonLabels(settings), "app.kubernetes.io/component": "network" },
    },
    spec: { podSelector: { matchLabels: environmentSelector(settings) }, ...rules },
  };
}
