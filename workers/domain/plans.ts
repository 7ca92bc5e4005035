/** Use cases of plans: what each allows, a change by an administrator, and what somebody has left of theirs. */
import { Failed } from "../rules/failures.ts";
import { monthOf } from "../rules/months.ts";
import type { Principal } from "../rules/principal.ts";
import type { PlanLimits } from "../store/environments/plan-use.ts";
import { findPlan, findPlanUse, listPlans, type PlanChange, type PlanRow, updatePlan } from "../store/plans.ts";
import { audit } from "./audit.ts";
import type { Deps } from "./deps.ts";
import { tellClusters } from "./environments/follow.ts";

export type { PlanChange, PlanRow };

/** Every plan, the smallest first. */
export function readPlans(deps: Deps): Promise<PlanRow[]> {
  return listPlans(deps.db);
}

/** One of them, or `not_found`. */
export async function readPlan(deps: Deps, id: string): Promise<PlanRow> {
  const row = await findPlan(deps.db, id);
  if (row === null) throw new Failed({ kind: "not_found", what: "plan" });
  return row;
}

export interface AskedPlan {
  change: PlanChange;
  /** Throws when the plan, as it stands before the change, is not the one that the client has seen. */
  expected?: ((before: PlanRow) => void) | undefined;
}

/**
 * Replaces what a plan allows; whoever has it feels it with their next request, and nothing that runs is ended by the
 * change itself. Fails as `not_found`, and as `precondition_failed` when it is not the expected one any more.
 */
export async function changePlan(
  deps: Deps,
  actor: Principal,
  id: string,
  { change, expected }: AskedPlan,
): Promise<PlanRow> {
  const seen = await readPlan(deps, id);
  expected?.(seen);
  const asked = { id, change, seen: expected === undefined ? null : seen, now: deps.now() };
  const changed = await updatePlan(deps.db, asked);
  if (changed === null) throw new Failed({ kind: "precondition_failed" });
  tellClusters(deps, changed.outdated);
  audit(deps, { action: "plan.update", actor, target: { kind: "plan", id }, detail: { ...change } });
  deps.log("info", "plan changed", { user_id: actor.userId, plan: id });
  return changed.row;
}

export interface OwnLimits {
  use: PlanLimits;
  /** Sockets that are open now; null when nobody could tell. */
  sockets: number | null;
  maxSockets: number;
  /** When the running hours begin anew. */
  resetsAt: Date;
}

/** What somebody may have and has. One round trip, and one to the object that keeps their sockets, side by side. */
export async function readOwnLimits(deps: Deps, { userId }: Pick<Principal, "userId">): Promise<OwnLimits> {
  const now = deps.now();
  const [use, sockets] = await Promise.all([findPlanUse(deps.db, userId, now), countSockets(deps, userId)]);
  if (use === null) throw new Failed({ kind: "not_found", what: "user" });
  return { use, sockets, maxSockets: deps.config.limits.socketsPerUser, resetsAt: monthOf(now).endsAt };
}

async function countSockets(deps: Deps, userId: string): Promise<number | null> {
  try {
    return (await deps.objects.user(userId).openSockets()).length;
  } catch (error) {
    deps.log("warn", "open sockets are not known", { user_id: userId, error: String(error) });
    return null;
  }
}
