/** Start, stop, restart, recover and delete: rules/lifecycle decides, the store applies it to the row it was decided on. */
import { Failed } from "../../rules/failures.ts";
import { type Action, act } from "../../rules/lifecycle.ts";
import type { EnvironmentInFull } from "../../store/environments/find.ts";
import { moveEnvironments } from "../../store/environments/move.ts";
import type { Deps } from "../deps.ts";
import { endViewers, tellCluster, tellViewers, waitUntilSettled } from "./follow.ts";
import { type Owner, ownEnvironment } from "./view.ts";

/** How often a decision is made anew because somebody else moved the row meanwhile. */
const maxAttempts = 10;

export type Movement = Exclude<Action, "update" | "delete">;

/**
 * Brings an environment where the action leads and waits up to the configured time until it is there; one that is
 * there already is simply answered. Fails with `not_found` and `invalid_state`.
 */
export async function moveEnvironment(
  deps: Deps,
  owner: Owner,
  id: string,
  action: Movement,
): Promise<EnvironmentInFull> {
  await decide(deps, owner, id, action, false);
  return waitUntilSettled(deps, owner, id);
}

/** Deletes an environment: at once for its owner, in the cluster as soon as its bridge can. Running ones need `force`. */
export async function deleteEnvironment(deps: Deps, owner: Owner, id: string, force: boolean): Promise<void> {
  const { clusterId } = await decide(deps, owner, id, "delete", force);
  endViewers(deps, clusterId, id);
}

/** Decides on the row as it is and writes the decision; begins again when the row was moved in between. */
async function decide(
  deps: Deps,
  owner: Owner,
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
    const [moved] = await moveEnvironments(deps.db, [move], { desiredChanged: true });
    if (moved === undefined) continue;
    deps.log("info", `environment ${action}`, { environment_id: id, user_id: owner.userId, phase: acted.row.phase });
    tellCluster(deps, before.clusterId, moved.revision);
    tellViewers(deps, before.clusterId, acted.row);
    return acted.row;
  }
}
