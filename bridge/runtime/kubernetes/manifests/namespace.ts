/**
 * The namespace of one person's environments, where each has one: what it is called and what it is. The name follows from the
 * owner's id alone, so that every bridge finds it without having been told.
 */
import { createHash } from "node:crypto";
import type { V1Namespace } from "@kubernetes/client-node";
import { annotations, clusterLabel, commonLabels } from "./names.ts";
import type { ManifestSettings } from "./settings.ts";

const component = "owner";
const plainId = /^usr_([a-z0-9]{20})$/;
const slugPattern = /^[a-z0-9]{20}$/;
const slugCharacters = 20;

/** `<prefix>-<20 characters>`: those of the id, or of its hash where the id holds what a name may not. */
export function namespaceOf(ownerId: string, { namespace }: ManifestSettings): string {
  return `${namespace}-${plainId.exec(ownerId)?.[1] ?? hashed(ownerId)}`;
}

function hashed(ownerId: string): string {
  return createHash("sha256").update(ownerId).digest("hex").slice(0, slugCharacters);
}

/** Whether environments of ours may be in a namespace of this name. What is elsewhere is not ours, whatever it says of itself. */
export function mayHoldEnvironments(name: string, { namespace, namespacePerUser }: ManifestSettings): boolean {
  if (name === namespace) return true;
  const start = `${namespace}-`;
  return namespacePerUser && name.startsWith(start) && slugPattern.test(name.slice(start.length));
}

/** Whether the name is one that a person's namespace has. */
export function isOwnersNamespace(name: string, settings: ManifestSettings): boolean {
  return name !== settings.namespace && mayHoldEnvironments(name, settings);
}

export function ownersNamespace(ownerId: string, settings: ManifestSettings): V1Namespace {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: namespaceOf(ownerId, settings),
      labels: {
        ...commonLabels(settings),
        "app.kubernetes.io/component": component,
        "pod-security.kubernetes.io/enforce": settings.hasUserNamespaces ? "baseline" : "restricted",
      },
      annotations: { [annotations.owner]: ownerId },
    },
  };
}

/** What all of them carry, for the watch. */
export function ownersSelector(settings: ManifestSettings): Record<string, string> {
  return { "app.kubernetes.io/component": component, [clusterLabel]: settings.clusterId };
}
