/** Writes what reports and deadlines made of environments, logs each step and tells the viewers concerned. */
import type { LifecycleRow } from "../../store/environments/cluster-view.ts";
import { moveEnvironments } from "../../store/environments/move.ts";
import type { Deps } from "../deps.ts";
import { tellViewers } from "./follow.ts";

export interface Decided {
  before: LifecycleRow;
  after: LifecycleRow;
}

/** Applies what still holds, in one statement; answers the ids whose row had been moved by somebody else meanwhile. */
export async function applyMoves(deps: Deps, moves: readonly Decided[]): Promise<Set<string>> {
  const asked = moves.map(({ before, after }) => ({ id: before.id, before, after }));
  const moved = await moveEnvironments(deps.db, asked, { desiredChanged: false });
  const movedIds = new Set(moved.map(({ id }) => id));
  for (const { before, after } of moves) if (movedIds.has(before.id)) tell(deps, before, after);
  return new Set(moves.map(({ before }) => before.id).filter((id) => !movedIds.has(id)));
}

function tell(deps: Deps, before: LifecycleRow, after: LifecycleRow): void {
  deps.log("info", "environment moved", {
    environment_id: after.id,
    user_id: after.userId,
    cluster_id: after.clusterId,
    from: before.phase,
    phase: after.phase,
    reason: after.phaseReason,
  });
  if (after.desired !== "deleted") tellViewers(deps, after.clusterId, after);
}
