/**
 * What stays in the one namespace and says that people have namespaces of their own: a bridge without `namespacePerUser` sees
 * nothing of those, and would take everybody's environments for lost and make them anew, without their files.
 */
import type { V1ConfigMap } from "@kubernetes/client-node";
import { clusterSlug, commonLabels } from "./names.ts";
import type { ManifestSettings } from "./settings.ts";

type Named = Pick<ManifestSettings, "clusterId">;

export function ownersMarkName(settings: Named): string {
  return `devpocket-${clusterSlug(settings)}-owners`;
}

/** Finds it and nothing else. */
export function ownersMarkSelector(settings: Named): { fieldSelector: string } {
  return { fieldSelector: `metadata.name=${ownersMarkName(settings)}` };
}

/** What is to be done about one, for whoever runs the cluster. */
export function markedWords(settings: ManifestSettings): string {
  const { namespace } = settings;
  const mark = `ConfigMap ${ownersMarkName(settings)} in ${namespace}`;
  return `people's environments are in namespaces of their own, ${namespace}-..., which a bridge of one namespace does not see (${mark}): turn namespacePerUser on again, or delete those environments and then the ConfigMap`;
}

export function ownersMark(settings: ManifestSettings): V1ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: ownersMarkName(settings),
      namespace: settings.namespace,
      labels: { ...commonLabels(settings), "app.kubernetes.io/component": "owners" },
    },
    data: { about: `People's environments of this cluster are in namespaces of their own, ${settings.namespace}-...` },
  };
}
