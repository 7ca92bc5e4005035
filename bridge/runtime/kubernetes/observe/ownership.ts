/**
 * What is ours. A label proves nothing, anybody can edit one onto anything: ours has the name we derive, our labels, and was
 * applied by our field manager. Pure.
 */
import type { ClusterObject } from "../client/objects.ts";
import { clusterLabel, environmentIdOf, environmentLabel, fieldManager } from "../manifests/names.ts";

/** The environment whose claim or pod this is, or null for what is not ours. */
export function ownedEnvironment(object: ClusterObject, clusterId: string): string | null {
  const id = environmentIdOf(object.metadata.name);
  const { labels } = object.metadata;
  const isLabelled = labels?.[environmentLabel] === id && labels?.[clusterLabel] === clusterId;
  return id !== null && isLabelled && isApplied(object) ? id : null;
}

/**
 * Whether an object that has the name of one of ours may be written by us: it is ours, also if somebody took its labels away,
 * and no other bridge's.
 */
export function isAdoptable(object: ClusterObject, clusterId: string): boolean {
  const label = object.metadata.labels?.[clusterLabel];
  return isApplied(object) && (label === undefined || label === clusterId);
}

function isApplied({ metadata }: ClusterObject): boolean {
  return (
    metadata.managedFields?.some(({ manager, operation }) => manager === fieldManager && operation === "Apply") ?? false
  );
}
