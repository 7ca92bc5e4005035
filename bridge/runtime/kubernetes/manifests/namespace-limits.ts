/** What one person's namespace may hold, where everybody has a namespace of their own: the plan, as the cluster enforces it. */
import type { V1ResourceQuota } from "@kubernetes/client-node";
import type { Owner, Resources } from "../../../../durable-objects/protocol/bridge-api.ts";
import { commonLabels } from "./names.ts";
import { bytesQuantity, cpuQuantity } from "./quantities.ts";
import type { ManifestSettings } from "./settings.ts";

/** How much a namespace has room for. */
export interface Room {
  environments: number;
  largest: Resources;
  /** All of them together. */
  total: Resources;
}

/** As the API writes it; client-node's own class calls `default` by another name, which an apply would send. */
export interface LimitRange {
  apiVersion: "v1";
  kind: "LimitRange";
  metadata: { name: string; namespace: string; labels: Record<string, string> };
  spec: { limits: Record<string, string | Record<string, string>>[] };
}

/** Of the quota and of the range. */
export const planName = "devpocket-plan";
/** More of anything than any cluster has, and still a number that is exact. */
const boundless = 2 ** 52;

/**
 * What a plan allows, and never less than what is there already: whether an environment may be is for the server to say, and one
 * that is larger than a plan has become must still be able to come up again.
 */
export function roomFor(plan: Pick<Owner, "max_environments" | "largest">, there: readonly Resources[]): Room {
  const environments = Math.max(plan.max_environments, there.length);
  const of = (amount: (name: keyof Resources) => number): Resources => ({
    cpu_millicores: amount("cpu_millicores"),
    memory_bytes: amount("memory_bytes"),
    storage_bytes: amount("storage_bytes"),
  });
  return {
    environments,
    largest: of((name) => Math.max(plan.largest[name], ...there.map((each) => each[name]))),
    total: of((name) =>
      Math.max(
        plan.largest[name] * plan.max_environments,
        there.reduce((sum, each) => sum + each[name], 0),
      ),
    ),
  };
}

/**
 * All environments of the namespace together, and one more: what is replaced is counted by the cluster for some moments after
 * its end, and the new one must not be refused for that.
 */
export function quota({ environments, largest, total }: Room, settings: ManifestSettings): V1ResourceQuota {
  const withOneMore = (name: keyof Resources) => Math.min(boundless, total[name] + largest[name]);
  const count = String(environments + 1);
  return {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: metadataOf(settings),
    spec: {
      hard: {
        "limits.cpu": cpuQuantity(withOneMore("cpu_millicores")),
        "limits.memory": bytesQuantity(withOneMore("memory_bytes")),
        "requests.storage": bytesQuantity(withOneMore("storage_bytes")),
        persistentvolumeclaims: count,
        pods: count,
        "services.loadbalancers": "0",
        "services.nodeports": "0",
      },
    },
  };
}

/** Each of them, and what a container that says nothing gets. Init containers count like others. */
export function limitRange({ largest }: Room, settings: ManifestSettings): LimitRange {
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
    name: planName,
    namespace: settings.namespace,
    labels: { ...commonLabels(settings), "app.kubernetes.io/component": "plan" },
  };
}
