/** What the manifests of environments depend on besides the environments: how this bridge was set up for its cluster. */

export interface ManifestSettings {
  /** Where environments live; with `namespacePerUser` the beginning of the namespaces' names. */
  namespace: string;
  /** Whether each person's environments live in a namespace of their own. */
  namespacePerUser: boolean;
  /** Tells this cluster's environments from those of another bridge in the same namespace. */
  clusterId: string;
  /** The image with a tmux of its own; null = every environment's image has one. */
  toolsImage: string | null;
  /** Null = the cluster's default. */
  storageClass: string | null;
  imagePullPolicy: "Always" | "IfNotPresent" | "Never";
  /** Names of Secrets of type kubernetes.io/dockerconfigjson in the namespace. */
  imagePullSecrets: readonly string[];
  /** Whether a template may have root: `hostUsers: false` works on every node, and the namespace allows it. */
  hasUserNamespaces: boolean;
  /** Isolation by a sandboxed runtime (gVisor, Kata), where there is one. */
  runtimeClass: string | null;
  /** Only nodes with all these labels. */
  nodeSelector: Readonly<Record<string, string>>;
  /** How many times more than there is may be promised: what is requested is the limit divided by this. */
  overcommit: { cpu: number; memory: number };
  /** Where names are resolved besides the cluster's own DNS, e.g. a node-local cache: `169.254.20.10/32`. */
  dnsServers: readonly string[];
}

export const defaultSettings: ManifestSettings = {
  namespace: "devpocket-environments",
  namespacePerUser: false,
  clusterId: "default",
  toolsImage: null,
  storageClass: null,
  imagePullPolicy: "IfNotPresent",
  imagePullSecrets: [],
  hasUserNamespaces: false,
  runtimeClass: null,
  nodeSelector: {},
  overcommit: { cpu: 10, memory: 2 },
  dnsServers: ["169.254.20.10/32"],
};
