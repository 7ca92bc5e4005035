/**
 * What has to be done so that what is becomes what is desired. Pure: two lists in, actions and a report out. What
 * is not in the desired list is never touched and never reported.
 */
import type { DesiredEnvironment, ObservedEnvironment } from "../../durable-objects/protocol/bridge-api.ts";
import { type ObservedReason, reasonFacts } from "../../durable-objects/protocol/reasons.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import type { Action } from "../runtime/runtime.ts";

/** Why the last try to bring an environment about failed; counts for this generation only. */
export interface Failure {
  generation: number;
  message: string;
  reason: ObservedReason;
}

/** Observed to be down though nobody stopped it. */
const lost = "lost";

/** The next step of every environment that is not as desired; at most one each. */
export function plan(desired: readonly DesiredEnvironment[], observed: readonly ObservedEnvironment[]): Action[] {
  const seen = byId(observed);
  return desired.flatMap((environment) => {
    const action = step(environment, seen.get(environment.id));
    return action === null ? [] : [action];
  });
}

function step(environment: DesiredEnvironment, seen: ObservedEnvironment | undefined): Action | null {
  switch (environment.desired) {
    case "deleted":
      return seen === undefined ? null : { kind: "delete", environmentId: environment.id };
    case "stopped":
      return seen === undefined || isStopped(seen) ? null : { kind: "stop", environmentId: environment.id };
    case "running":
      return bringUp(environment, seen);
  }
}

function bringUp(environment: DesiredEnvironment, seen: ObservedEnvironment | undefined): Action | null {
  if (seen === undefined || seen.phase === "stopped") return { kind: "start", environment };
  if (seen.phase === "error" && !isRetriedThere(seen)) return { kind: "start", environment };
  if (environment.generation > seen.generation) return { kind: "restart", environment };
  return null;
}

/** The cluster itself goes on trying what was applied: beginning anew would only take it further from the end. */
function isRetriedThere({ reason }: ObservedEnvironment): boolean {
  return reason !== null && reasonFacts[reason].retrier === "cluster";
}

/** Down and nothing left: what died by itself may have left processes behind. */
function isStopped(seen: ObservedEnvironment): boolean {
  return seen.phase === "stopped" && seen.reason !== lost;
}

/**
 * What to report of the desired environments. One that is not there is left out, but the end of a deletion is said:
 * only then may the other side forget it. What is stopped is stopped as of the generation that should be, also if that one never ran here.
 */
export function report(
  desired: readonly DesiredEnvironment[],
  observed: readonly ObservedEnvironment[],
  failures: ReadonlyMap<string, Failure>,
): ObservedEnvironment[] {
  const seen = byId(observed);
  return desired.flatMap((environment) => {
    const found = seen.get(environment.id);
    const failure = failures.get(environment.id);
    if (failure?.generation === environment.generation) return failed(environment, found, failure);
    if (found === undefined) return environment.desired === "deleted" ? [gone(environment)] : [];
    if (environment.desired === "running" || !isStopped(found)) return [found];
    return [{ ...found, generation: Math.max(found.generation, environment.generation) }];
  });
}

function gone(environment: DesiredEnvironment): ObservedEnvironment {
  return {
    environment_id: environment.id,
    generation: environment.generation,
    phase: "gone",
    status_message: null,
    reason: null,
    installation_completed: false,
  };
}

/** A failed step is an error, unless what runs environments could not be asked: then each stays what it was. */
function failed(
  environment: DesiredEnvironment,
  found: ObservedEnvironment | undefined,
  { reason, message }: Failure,
): ObservedEnvironment[] {
  const told = { ...gone(environment), status_message: message.slice(0, limits.maxStatusMessageCharacters), reason };
  if (reason !== "unavailable") return [{ ...told, phase: "error" }];
  if (environment.desired === "running" && (found === undefined || found.generation < environment.generation)) {
    return [{ ...told, phase: found === undefined ? "provisioning" : "restarting" }];
  }
  return found === undefined ? [] : [{ ...found, status_message: found.status_message ?? told.status_message }];
}

function byId(observed: readonly ObservedEnvironment[]): Map<string, ObservedEnvironment> {
  return new Map(observed.map((each) => [each.environment_id, each]));
}
