/**
 * What a subscription allows one environment to be. Sizes nobody asked for are clamped to the plan; sizes that
 * were asked for and exceed it are refused, so nobody gets less than they were told. Pure.
 */
import type { Resources } from "../../durable-objects/protocol/bridge-api.ts";
import { formatResources } from "./quantities.ts";

/** The largest environment of a plan. */
export interface PlanSizes {
  readonly maxCpuMillicores: number;
  readonly maxMemoryBytes: number;
  readonly maxStorageBytes: number;
}

export type ResourceName = keyof Resources;
export const resourceNames = ["cpu_millicores", "memory_bytes", "storage_bytes"] as const satisfies ResourceName[];

/** Below these a shell does not start. */
export const smallestSizes: Resources = {
  cpu_millicores: 50,
  memory_bytes: 64 * 2 ** 20,
  storage_bytes: 128 * 2 ** 20,
};

/** `resource` in the API's words (`cpu`, `memory`, `storage`), sizes as the API writes them. */
export interface SizeRefusal {
  readonly kind: "too_large" | "too_small";
  readonly resource: "cpu" | "memory" | "storage";
  readonly asked: string;
  readonly limit: string;
}
export type Sized =
  | { readonly ok: true; readonly resources: Resources }
  | { readonly ok: false; readonly failure: SizeRefusal };

/** What was asked for, if anything. */
export type AskedResources = { readonly [name in ResourceName]?: number | undefined };

/** The words of the API for them. */
export const writtenNames = { cpu_millicores: "cpu", memory_bytes: "memory", storage_bytes: "storage" } as const;

/** The sizes of a new or changed environment; the first asked size outside the plan is the failure. */
export function sizeWithinPlan(asked: AskedResources, defaults: Resources, plan: PlanSizes): Sized {
  const largest = largestOf(plan);
  const chosen: Resources = { ...largest };
  for (const name of resourceNames) {
    const size = asked[name];
    if (size === undefined) chosen[name] = Math.min(defaults[name], largest[name]);
    else if (size > largest[name]) return refuse("too_large", name, size, largest);
    else if (size < smallestSizes[name]) return refuse("too_small", name, size, smallestSizes);
    else chosen[name] = size;
  }
  return { ok: true, resources: chosen };
}

/** The largest environment of a plan, as sizes. */
export function largestOf(plan: PlanSizes): Resources {
  return {
    cpu_millicores: plan.maxCpuMillicores,
    memory_bytes: plan.maxMemoryBytes,
    storage_bytes: plan.maxStorageBytes,
  };
}

function refuse(kind: SizeRefusal["kind"], name: ResourceName, size: number, limits: Resources): Sized {
  const resource = writtenNames[name];
  const asked = formatResources({ ...limits, [name]: size })[resource];
  return { ok: false, failure: { kind, resource, asked, limit: formatResources(limits)[resource] } };
}
