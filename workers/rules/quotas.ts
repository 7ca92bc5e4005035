/**
 * Whether a plan lets an environment be made or brought up. The store decides the same in SQL, under the lock of
 * the user's row (store/environments/plan-use.ts); this tells which limit it was, in the API's words. Pure.
 */
import type { Resources } from "../../durable-objects/protocol/bridge-api.ts";
import type { Failure } from "./failures.ts";
import { largestOf, type PlanSizes, resourceNames, writtenNames } from "./plans.ts";
import { formatResources } from "./quantities.ts";

/** What a user's plan allows and how much of it is in use. */
export interface PlanUse extends PlanSizes {
  readonly plan: string;
  readonly maxEnvironments: number;
  /** null = no limit. */
  readonly runningSecondsPerMonth: number | null;
  /** Those that are not deleted, stopped ones included. */
  readonly environments: number;
  /** In this calendar month, up to now. */
  readonly runningSeconds: number;
}

export type QuotaExceeded = Extract<Failure, { kind: "quota_exceeded" }>;

/**
 * The first limit that stands against an environment of these sizes, or null. A new one needs a free place; one that
 * is there already needs only that there are not more of them than the plan has places.
 */
export function quotaRefusal(use: PlanUse, sizes: Resources, isNew: boolean): QuotaExceeded | null {
  const refuse = (what: QuotaExceeded["what"], limit: string): QuotaExceeded => {
    return { kind: "quota_exceeded", what, plan: use.plan, limit };
  };
  const count = use.environments + (isNew ? 1 : 0);
  if (count > use.maxEnvironments) return refuse("environments", String(use.maxEnvironments));
  const largest = largestOf(use);
  const tooLarge = resourceNames.find((name) => sizes[name] > largest[name]);
  if (tooLarge !== undefined) {
    const resource = writtenNames[tooLarge];
    return refuse(resource, formatResources(largest)[resource]);
  }
  const { runningSecondsPerMonth: allowed } = use;
  if (allowed !== null && use.runningSeconds >= allowed) return refuse("running hours", String(hoursOf(allowed)));
  return null;
}

/** Hours with two decimals, as people read them. */
export function hoursOf(seconds: number): number {
  return Math.round(seconds / 36) / 100;
}
