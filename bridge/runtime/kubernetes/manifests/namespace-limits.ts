/** What one person's namespace may hold, where everybody has a namespace of their own: the plan, as the cluster enforces it. */
import type { V1ResourceQuota } from "@kubernetes/client-node";
import type { Resources } from "../../../../durable-objects/protocol/bridge-api.ts";
import { commonLabels } from "./names.ts";
import { bytesQuantity, cpuQuantity } from "./quantities.ts";
import type { ManifestSettings } from "./settings.ts";

/** What a plan allows its owner: so many environments, each at most so large. */
export interface PlanLimits {
  maxEnvironments: number;
  largest: Resources;
}

/** As the API writes it; client-node's own class calls `default` by another name, which an apply would send. */
export interface LimitRange {
  apiVersion: "v1";
  kind: "LimitRange";
  metadata: { name: string; namespace: string; labels: Record<string, string> };
  spec: { limits: Record<string, string | Record<string, string>>[] };
}

const name = "devpocket-plan";

/** All environments of the namespace together. A pod begins after the one of the same name has ended. */
export function quota({ maxEnvironments, largest }: PlanLimits, settings: ManifestSettings): V1ResourceQuota {
  return {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: metadataOf(settings),
    spec: {
      hard: {
        "limits.cpu": cpuQuantity(largest.cpu_millicores * maxEnvironments),
        "limits.memory": bytesQuantity(largest.memory_bytes * maxEnvironments),
        "requests.storage": bytesQuantity(largest.storage_bytes * maxEnvironments),
        persistentvolumeclaims: String(maxEnvironments),
        pods: String(maxEnvironments),
        "services.loadbalancers": "0",
        "services.nodeports": "0",
      },
    },
  };
}

/** Each of them, and what a container that says nothing gets. */
export function limitRange({ largest }: PlanLimits, settings: ManifestSettings): LimitRange {
  const most = { cpu: cpuQuantity(largest.cpu_millicores), memory: bytesQuantity(largest.memory_bytes) };
  return {
    apiVersion: "v1",
    kind: "LimitRange",
    metadata: metadataOf(settings),
    spec: {
      limits: [
        { type: "Container", max: most, default: most, defaultRequest: { cpu: "50m", memory: "64Mi" } },
        { type: "PersistentVolumeClaim", max: { storage: bytesQuantity(largest.storage_bytes) } },
      ],
    },
  };
}

function metadataOf(settings: ManifestSettings): LimitRange["metadata"] {
  return {
    name,
    namespace: settings.namespace,
    labels: { ...commonLabels(settings), "app.kubernetes.io/component": "plan" },
  };
}
