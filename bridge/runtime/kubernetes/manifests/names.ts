/** What our objects are called and by what they are told from others'. Labels prove nothing; see ownership in the runtime. */
import type { ManifestSettings } from "./settings.ts";

/** The field manager of every apply; it also names us in `app.kubernetes.io/managed-by`. */
export const fieldManager = "devpocket-bridge";
export const environmentLabel = "devpocket.app/environment";
export const clusterLabel = "devpocket.app/cluster";
/** On the claim: a deletion while no bridge runs is finished by the next one. */
export const environmentFinalizer = "devpocket.app/environment";

/** What the claim remembers of its environment, and the pod of how it was made. */
export const annotations = {
  generation: "devpocket.app/generation",
  desired: "devpocket.app/desired",
  resources: "devpocket.app/resources",
  /** What is to be said of the environment until somebody types: whoever brought it about and whoever is typed into may be
   * different bridges. */
  notice: "devpocket.app/notice",
  /** On a namespace: whose environments live there. */
  owner: "devpocket.app/owner",
  /** On a namespace: what was last applied there, as a hash. */
  applied: "devpocket.app/applied",
} as const;

const prefix = "env-";
const pattern = /^env-([a-z0-9]{20})$/;

/** `env_abc` is `env-abc` where names are DNS labels. */
export function objectName(environmentId: string): string {
  return environmentId.replace("_", "-");
}

/** The environment an object's name stands for, or null. */
export function environmentIdOf(name: string): string | null {
  const match = pattern.exec(name);
  return match === null ? null : `${prefix.slice(0, -1)}_${match[1]}`;
}

/** The Secret with the startup commands; the one with the variables has the environment's name. */
export function startupName(environmentId: string): string {
  return `${objectName(environmentId)}-startup`;
}

/** The cluster's id as a part of names: it may hold what a name may not. */
export function clusterSlug({ clusterId }: Pick<ManifestSettings, "clusterId">): string {
  return clusterId.toLowerCase().replace(/[^a-z0-9-]/g, "-");
}

/** On everything of ours. */
export function commonLabels(settings: ManifestSettings): Record<string, string> {
  return {
    "app.kubernetes.io/name": "devpocket",
    "app.kubernetes.io/part-of": "devpocket",
    "app.kubernetes.io/managed-by": fieldManager,
    [clusterLabel]: settings.clusterId,
  };
}

/** On everything of one environment. */
export function labels(environmentId: string, settings: ManifestSettings): Record<string, string> {
  return {
    ...commonLabels(settings),
    "app.kubernetes.io/component": "environment",
    "app.kubernetes.io/instance": objectName(environmentId),
    [environmentLabel]: environmentId,
  };
}

/** What every environment of this cluster carries, for selectors of watches and policies. */
export function environmentSelector(settings: ManifestSettings): Record<string, string> {
  return { "app.kubernetes.io/component": "environment", [clusterLabel]: settings.clusterId };
}

/** A selector as the API takes it in a query. */
export function selectorText(selector: Readonly<Record<string, string>>): string {
  return Object.entries(selector)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
}
