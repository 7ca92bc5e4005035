/** Writes what reports and deadlines made of environments, logs each step and tells the viewers concerned. */
import type { LifecycleRow } from "../../store/environments/cluster-view.ts";
import { moveEnvironments } from "../../store/environments/move.ts";
import type { Deps } from "../deps.ts";
import { tellAllViewers } from "./follow.ts";

export interface Decided {
  before: LifecycleRow;
  after: LifecycleRow;
}

/** Applies what still holds, in one statement; answers the ids whose row had been moved by somebody else meanwhile. */
export async function applyMoves(deps: Deps, moves: readonly Decided[]): Promise<Set<string>> {
  const asked = moves.map(({ before, after }) => ({ id: before.id, before, after }));
  const moved = await moveEnvironments(deps.db, asked, { desiredChanged: false });
  const movedIds = new Set(moved.map(({ id }) => id));
  const settled = moves.filter(({ before }) => movedIds.has(before.id));
  for (const { before, after } of settled) logMove(deps, before, after);
  const told = settled.map(({ after }) => after).filter(({ desired }) => desired !== "deleted");
  for (const [clusterId, rows] of Map.groupBy(told, (row) => row.clusterId)) tellAllViewers(deps, clusterId, rows);
  return new Set(moves.map(({ before }) => before.id).filter((id) => !movedIds.has(id)));
}

function logMove(deps: Deps, before: LifecycleRow, after: LifecycleRow): void {
  deps.log("info", "environment moved", {
    environment_id: after.id,
    user_id: after.userId,
    cluster_id: after.clusterId,
    from: before.phase,
    phase: after.phase,
    reason: after.phaseReason,
  });
}
