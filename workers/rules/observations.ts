/**
 * How a bridge's report moves an environment (lifecycle.ts holds the table). A report is believed only for the
 * newest generation, never brings back what is terminated, and never prolongs a wait that is over. Pure.
 */
import type { ObservedEnvironment } from "../../durable-objects/protocol/bridge-api.ts";
import { reasonFacts } from "../../durable-objects/protocol/reasons.ts";
import { hasShell, type Phase } from "../../durable-objects/protocol/vocabulary.ts";
import { autoStopReasons } from "./idle.ts";
import { deadlineExceeded, deadlineOf, type Lifecycle, phaseAt, progressOf } from "./lifecycle.ts";

/** What of a report matters here. */
export type Observation = Pick<
  ObservedEnvironment,
  "generation" | "phase" | "status_message" | "reason" | "installation_completed"
>;

/** The row after a report at `now`; the same object when the report changes nothing. */
export function observe<Row extends Lifecycle>(stored: Row, seen: Observation, now: Date): Row {
  if (stored.phase === "terminated" || seen.generation < stored.generation) return stored;
  const row = phaseAt(stored, now);
  switch (row.desired) {
    case "deleted":
      return whileDeleting(row, seen, now);
    case "stopped":
      return whileStopping(row, seen, now);
    case "running":
      return whileRunning(row, seen, now);
  }
}

/**
 * The row after a report at `now` that leaves the environment out: nothing of it is there. Only of a deletion this
 * proves nothing: the report may have been made before the bridge began what it is now to delete.
 */
export function observeAbsence<Row extends Lifecycle>(row: Row, now: Date): Row {
  return row.desired === "deleted" ? row : observe(row, absence(row.generation), now);
}

function absence(generation: number): Observation {
  return { generation, phase: "gone", status_message: null, reason: null, installation_completed: false };
}

/** Deletion ends only when nothing is left; until then it keeps its deadline, and `error` still ends well. */
function whileDeleting<Row extends Lifecycle>(row: Row, seen: Observation, now: Date): Row {
  return seen.phase === "gone" ? enter(row, "terminated", said(null), now) : note(row, seen);
}

/** Anything alive is on its way down. A late report of the time before the stop must not look like a failure. */
function whileStopping<Row extends Lifecycle>(row: Row, seen: Observation, now: Date): Row {
  const words = isAutoStopped(row) ? said(row.statusMessage, row.phaseReason) : said(seen.status_message);
  if (seen.phase === "stopped" || seen.phase === "gone") return enter(row, "stopped", words, now);
  if (row.phase === "stopped") return enter(row, "stopping", words, now);
  return note(row, seen);
}

/** What stopped by itself keeps saying why: nobody was there to see it. */
function isAutoStopped(row: Lifecycle): boolean {
  return autoStopReasons.some((reason) => reason === row.phaseReason);
}

function whileRunning<Row extends Lifecycle>(row: Row, seen: Observation, now: Date): Row {
  if (seen.phase === "error" && !isErrors(seen.reason)) return note(row, seen);
  const phase = wantedPhase(row, seen.phase);
  if (phase === row.phase && isDown(seen.phase)) return row;
  if (phase !== row.phase && row.phase === "error" && !leavesError(row, phase)) return row;
  if (row.phase === "error" && row.phaseReason === deadlineExceeded && phase === "error") return note(row, seen);
  const moved = enter(row, phase, messageOf(row, seen, phase), now);
  const installed = hasShell(phase) ? seen.installation_completed : moved.installationCompleted;
  return installed === moved.installationCompleted ? moved : { ...moved, installationCompleted: installed };
}

/** Whether this reason can be that of an error: a cluster that does not answer makes none. */
function isErrors(reason: Observation["reason"]): boolean {
  return reason === null || reasonFacts[reason].phases.some((phase) => phase === "error");
}

/** The phase a report means for an environment that should run: what is down was killed and is being brought back. */
function wantedPhase(row: Lifecycle, seen: Observation["phase"]): Phase {
  if (!isDown(seen)) return seen;
  return hasShell(row.phase) ? "restarting" : row.phase;
}

/** Down, or on its way there; while it is brought back this is no news, and that it was lost stays said. */
function isDown(seen: Observation["phase"]): seen is "stopped" | "gone" | "stopping" {
  return seen === "stopped" || seen === "gone" || seen === "stopping";
}

/** A usable shell ends an error; but installing again after the time for it was over does not. */
function leavesError(row: Lifecycle, phase: Phase): boolean {
  return phase === "running" || (hasShell(phase) && row.phaseReason !== deadlineExceeded);
}

interface Said {
  statusMessage: string | null;
  phaseReason: string | null;
}
const said = (statusMessage: string | null, phaseReason: string | null = null): Said => ({
  statusMessage,
  phaseReason,
});

function messageOf(row: Lifecycle, seen: Observation, phase: Phase): Said {
  const wasLost = hasShell(row.phase) && phase === "restarting" && seen.phase !== "restarting";
  if (wasLost) return said("It had stopped by itself and is being started again", "lost");
  const known = seen.reason === null ? null : reasonFacts[seen.reason].message;
  return said(seen.status_message ?? known ?? (phase === "error" ? "The environment failed" : null), seen.reason);
}

/**
 * Keeps phase and deadline and notes what the bridge says meanwhile, with its reason if it is one of that phase. A final
 * error and an auto-stop keep their words.
 */
function note<Row extends Lifecycle>(row: Row, seen: Observation): Row {
  if (isAutoStopped(row)) return row;
  if (row.phase === "error" || seen.status_message === null || seen.status_message === row.statusMessage) return row;
  const isOfPhase = seen.reason !== null && reasonFacts[seen.reason].phases.some((phase) => phase === row.phase);
  return { ...row, statusMessage: seen.status_message, phaseReason: isOfPhase ? seen.reason : row.phaseReason };
}

function enter<Row extends Lifecycle>(row: Row, phase: Phase, words: Said, now: Date): Row {
  if (phase !== row.phase)
    return { ...row, ...words, phase, phaseSince: now, phaseDeadlineAt: deadlineFrom(row, phase, now) };
  const isSame = words.statusMessage === row.statusMessage && words.phaseReason === row.phaseReason;
  return isSame ? row : { ...row, ...words };
}

/** A fresh deadline for progress; a step back or sideways among waiting phases keeps the one that runs. */
function deadlineFrom(row: Lifecycle, phase: Phase, now: Date): Date | null {
  const before = progressOf(row.phase);
  const after = progressOf(phase);
  if (before !== null && after !== null && after <= before) return row.phaseDeadlineAt;
  return deadlineOf(phase, now);
}
