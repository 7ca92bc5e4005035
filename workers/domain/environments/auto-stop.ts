/**
 * Environments that stop by themselves: warned, and brought to their end through the ordinary lifecycle. The sweep
 * decides about those near their end; extending takes a warning back. rules/idle.ts knows when and why.
 */
import { hasShell } from "../../../durable-objects/protocol/vocabulary.ts";
import { Failed } from "../../rules/failures.ts";
import { type AutoStop, autoStop, isSilent } from "../../rules/idle.ts";
import { stoppedWords, warningOf } from "../../rules/idle-words.ts";
import { allowedActions, phaseAt, stopFor } from "../../rules/lifecycle.ts";
import {
  announceEnds,
  findRunning,
  listNearTheirEnd,
  noteAttendance,
  type RunningRow,
} from "../../store/environments/auto-stop.ts";
import { moveEnvironments } from "../../store/environments/move.ts";
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { tellCluster, tellViewers } from "./follow.ts";
import { type Actor, ownEnvironment } from "./view.ts";

const pageSize = 500;
/** An end that moves by less is not told again: each minute of work moves it a little. */
const toldAgainMs = 30_000;

interface Judged {
  row: RunningRow;
  next: AutoStop;
}

/** Warns, takes warnings back and stops, a page after the other. Answers how many were stopped. */
export async function stopByThemselves(deps: Deps): Promise<number> {
  const now = deps.now();
  let stopped = 0;
  for (let afterId = ""; ; ) {
    const rows = await listNearTheirEnd(deps.db, now, { afterId, limit: pageSize });
    const judged = rows.map((row) => ({ row, next: autoStop(row, now) }));
    await announce(deps, judged);
    stopped += await stop(deps, judged, now);
    logSilence(deps, rows, now);
    afterId = rows.at(-1)?.id ?? "";
    if (rows.length < pageSize) return stopped;
  }
}

/** Writes down ends that are new, moved or taken back, and tells the viewers. Answers for which it was done. */
async function announce(deps: Deps, judged: readonly Judged[]): Promise<Set<string>> {
  const changed = judged.filter(({ row, next }) => endOf(row, next)?.getTime() !== row.autoStopAt?.getTime());
  const ends = changed.map(({ row, next }) => ({ id: row.id, before: row.autoStopAt, after: endOf(row, next) }));
  const done = await announceEnds(deps.db, ends);
  for (const { row, next } of changed) if (done.has(row.id)) tellEnd(deps, row, next);
  return done;
}

/** The end that is announced after a decision; a stop leaves it, so that the move can ask whether it still stands. */
function endOf(row: RunningRow, next: AutoStop): Date | null {
  if (next.kind === "stops") return row.autoStopAt;
  return next.kind === "warned" ? next.at : null;
}

function tellEnd(deps: Deps, row: RunningRow, next: AutoStop): void {
  const told = row.autoStopAt;
  if (next.kind === "warned" && told !== null && Math.abs(next.at.getTime() - told.getTime()) < toldAgainMs) return;
  const statusMessage = next.kind === "goes_on" ? goesOn : warningOf(next, row);
  tellViewers(deps, row.clusterId, { id: row.id, phase: row.phase, statusMessage, phaseReason: row.phaseReason });
  const end = endOf(row, next)?.toISOString() ?? null;
  deps.log("info", "end announced", { environment_id: row.id, user_id: row.userId, auto_stop_at: end });
}

const goesOn = "It goes on running";

/** Stops what is due, unless it was moved, attended to or stopped meanwhile. */
async function stop(deps: Deps, judged: readonly Judged[], now: Date): Promise<number> {
  const moves = judged.flatMap(({ row, next }) => {
    if (next.kind !== "stops" || row.autoStopAt === null) return [];
    const after = stopFor(row, next.reason, stoppedWords(next.reason, row, now), now);
    return after === row ? [] : [{ id: row.id, before: row, after, announcedEnd: row.autoStopAt }];
  });
  const moved = new Map((await moveEnvironments(deps.db, moves, { desiredChanged: true })).map((one) => [one.id, one]));
  for (const { after } of moves) {
    const applied = moved.get(after.id);
    if (applied === undefined) continue;
    const { id, userId, clusterId, phaseReason: reason } = after;
    deps.log("info", "environment stopped by itself", { environment_id: id, user_id: userId, reason });
    const target = { kind: "environment", id } as const;
    audit(deps, {
      action: "environment.auto_stop",
      actor: { kind: "system", id: null },
      target,
      detail: { reason, owner: userId },
    });
    tellCluster(deps, clusterId, applied.revision);
    tellViewers(deps, clusterId, after);
  }
  return moved.size;
}

/** Says of which clusters nothing is heard: what runs there is not judged. */
function logSilence(deps: Deps, rows: readonly RunningRow[], now: Date): void {
  const silent = rows.filter((row) => row.phase === "running" && row.idleSeconds !== null && isSilent(row, now));
  for (const [cluster_id, unheard] of Map.groupBy(silent, (row) => row.clusterId))
    deps.log("warn", "not judged idle: its bridge is silent", { cluster_id, environments: unheard.length });
}

export interface Extended {
  /** The end that stays announced: hours that are used up are not had back by extending. */
  autoStopAt: Date | null;
  message: string;
}

/** How often an extension is worked out anew because the sweep changed the row meanwhile. */
const maxAttempts = 5;

/** Counts as attendance now and takes a warning back. Fails with `not_found`, and `invalid_state` for what does not run. */
export async function extendEnvironment(deps: Deps, owner: Actor, id: string): Promise<Extended> {
  for (let attempt = 1; ; attempt += 1) {
    const now = deps.now();
    const row = phaseAt(await ownEnvironment(deps, owner, id), now);
    const mayExtend = hasShell(row.phase) && row.desired === "running" && attempt < maxAttempts;
    if (!mayExtend) {
      const allowed = allowedActions(row, now);
      throw new Failed({ kind: "invalid_state", phase: row.phase, action: "extend", allowed });
    }
    const extended = await extend(deps, id, now);
    if (extended === null) continue;
    audit(deps, { action: "environment.extend", actor: owner, target: { kind: "environment", id } });
    return extended;
  }
}

/** Null when the sweep was quicker. */
async function extend(deps: Deps, id: string, now: Date): Promise<Extended | null> {
  await noteAttendance(deps.db, id, now);
  const row = await findRunning(deps.db, id, now);
  if (row === null) return null;
  const next = autoStop(row, now);
  const autoStopAt = endOf(row, next);
  const isChanged = autoStopAt?.getTime() !== row.autoStopAt?.getTime();
  if (isChanged && !(await announce(deps, [{ row, next }])).has(row.id)) return null;
  return { autoStopAt, message: next.kind === "goes_on" ? goesOn : warningOf(next, row) };
}
