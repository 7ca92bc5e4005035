/** Start, stop, restart, recover and delete: rules/lifecycle decides, the store applies it to the row it was decided on. */
import { Failed } from "../../rules/failures.ts";
import { type Action, act, isBroughtUp, phaseAt } from "../../rules/lifecycle.ts";
import { quotaRefusal } from "../../rules/quotas.ts";
import type { EnvironmentInFull } from "../../store/environments/find.ts";
import { type Move, moveEnvironments, moveWithinPlan } from "../../store/environments/move.ts";
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { endViewers, tellCluster, tellViewers, waitUntilSettled } from "./follow.ts";
import { sizesOf } from "./settings.ts";
import { type Actor, ownEnvironment } from "./view.ts";

/** How often a decision is made anew because somebody else moved the row meanwhile. */
const maxAttempts = 10;

export type Movement = Exclude<Action, "update" | "delete">;

/**
 * Brings an environment where the action leads and waits up to the configured time until it is there; one that is
 * there already is simply answered. Fails with `not_found`, `invalid_state` and, for what does not run, `quota_exceeded`.
 */
export async function moveEnvironment(
  deps: Deps,
  owner: Actor,
  id: string,
  action: Movement,
): Promise<EnvironmentInFull> {
  await decide(deps, owner, id, action, false);
  return waitUntilSettled(deps, owner, id);
}

/** Deletes an environment: at once for its owner, in the cluster as soon as its bridge can. Running ones need `force`. */
export async function deleteEnvironment(deps: Deps, owner: Actor, id: string, force: boolean): Promise<void> {
  const { clusterId } = await decide(deps, owner, id, "delete", force);
  endViewers(deps, clusterId, id);
}

/** Decides on the row as it is and writes the decision; begins again when the row was moved in between. */
async function decide(
  deps: Deps,
  owner: Actor,
  id: string,
  action: Movement | "delete",
  force: boolean,
): Promise<EnvironmentInFull> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await ownEnvironment(deps, owner, id);
    const now = deps.now();
    const acted = act(before, action, now, { force });
    if (acted.kind === "already") return acted.row;
    if (acted.kind === "needs_force") throw new Failed({ kind: "still_running" });
    if (acted.kind === "refused" || attempt === maxAttempts) {
      const allowed = acted.kind === "refused" ? acted.allowed : [];
      throw new Failed({ kind: "invalid_state", phase: acted.row.phase, action, allowed });
    }
    const move = { id, before, after: acted.row, ...(action === "delete" ? { deletedAt: now } : {}) };
    const revision = await write(deps, before, move);
    if (revision === null) continue;
    deps.log("info", `environment ${action}`, { environment_id: id, user_id: owner.userId, phase: acted.row.phase });
    audit(deps, { action: `environment.${action}`, actor: owner, target: { kind: "environment", id } });
    tellCluster(deps, before.clusterId, revision);
    tellViewers(deps, before.clusterId, acted.row);
    return acted.row;
  }
}

/** The cluster's revision after the move, or null when the row had been moved meanwhile. Fails with `quota_exceeded`. */
async function write(deps: Deps, before: EnvironmentInFull, move: Move): Promise<number | null> {
  if (!isBroughtUp(phaseAt(before, deps.now()), move.after)) {
    const [moved] = await moveEnvironments(deps.db, [move], { desiredChanged: true });
    return moved?.revision ?? null;
  }
  const { revision, use } = await moveWithinPlan(deps.db, move, { userId: before.userId, now: deps.now() });
  if (revision !== null) return revision;
  const refusal = quotaRefusal(use, sizesOf(before), false);
  if (refusal !== null) throw new Failed(refusal);
  return null;
}
