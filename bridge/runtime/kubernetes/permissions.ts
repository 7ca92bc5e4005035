/**
 * What the bridge does, in RBAC's words: no more, and each with its reason. The Roles in bridge/deploy grant this, `--check` asks
 * the cluster for it, and a test holds it against the calls that are made.
 */
import { planName } from "./manifests/namespace-limits.ts";
import { policyNames } from "./manifests/network-policies.ts";
import { ownersMarkName } from "./manifests/owners-mark.ts";
import type { ManifestSettings } from "./manifests/settings.ts";

export interface Permission {
  group: string;
  /** With its subresource: `pods/exec`. */
  resource: string;
  verbs: readonly string[];
  /** Only objects that are called so; an apply that makes one names it. */
  names?: readonly string[];
}

const all = ["get", "list", "watch", "create", "patch", "delete"] as const;

type Setup = Pick<ManifestSettings, "clusterId" | "namespacePerUser">;

/** In the one namespace of all environments; or in every namespace, where people have theirs. */
export function permissionsFor(settings: Setup): readonly Permission[] {
  return [...forEnvironments, ...(settings.namespacePerUser ? forOwners(settings) : forOne(settings))];
}

const forEnvironments: readonly Permission[] = [
  // An apply is a patch, and a create where there is nothing yet.
  { group: "", resource: "pods", verbs: all },
  // Both verbs from 1.35 on.
  { group: "", resource: "pods/exec", verbs: ["get", "create"] },
  { group: "", resource: "pods/log", verbs: ["get"] },
  { group: "", resource: "persistentvolumeclaims", verbs: all },
  // Whether a name is taken is asked before it is written; what is deleted goes with its claim.
  { group: "", resource: "secrets", verbs: ["get", "create", "patch"] },
  // One goes before its claim does when the environment has no port any more.
  { group: "", resource: "services", verbs: ["get", "create", "patch", "delete"] },
  { group: "", resource: "configmaps", verbs: ["create", "patch"] },
  // What keeps a pod waiting, where its status does not tell.
  { group: "", resource: "events", verbs: ["watch"] },
  { group: "metrics.k8s.io", resource: "pods", verbs: ["get"] },
];

function forOne(settings: Setup): readonly Permission[] {
  // Whether people had namespaces of their own here.
  return [{ group: "", resource: "configmaps", verbs: ["list", "watch"], names: [ownersMarkName(settings)] }];
}

/** What makes people's namespaces, and bounds what is in them. */
function forOwners(settings: Setup): readonly Permission[] {
  const kept = { verbs: ["get", "create", "patch"] };
  return [
    { group: "", resource: "namespaces", verbs: all },
    { group: "", resource: "resourcequotas", ...kept, names: [planName] },
    { group: "", resource: "limitranges", ...kept, names: [planName] },
    { group: "networking.k8s.io", resource: "networkpolicies", ...kept, names: policyNames(settings) },
  ];
}
