/**
 * The life of an environment, as one table: what each phase allows, what an action makes of it, how long it may
 * wait and what is said when the wait is over. Pure; the clock is an argument. What a bridge's report does is
 * beside it, in observations.ts.
 */
import { type Desired, hasShell, type Phase } from "../../durable-objects/protocol/vocabulary.ts";

/** The part of an environment that actions, reports and deadlines move. */
export interface Lifecycle {
  readonly desired: Desired;
  /** Grows with every start and restart; a report about an older one is about something that is no more. */
  readonly generation: number;
  readonly phase: Phase;
  readonly statusMessage: string | null;
  /** For programs, e.g. `image_pull_failed`, `deadline_exceeded`. */
  readonly phaseReason: string | null;
  readonly phaseSince: Date;
  /** Set exactly while the phase waits for something; past it the phase is `error`. */
  readonly phaseDeadlineAt: Date | null;
  readonly installationCompleted: boolean;
  /** Something was changed that only the next start takes up. */
  readonly pendingRestart: boolean;
}

export const actions = ["start", "stop", "restart", "recover", "delete", "update"] as const;
export type Action = (typeof actions)[number];

/** Where an action leads. `anew` raises the generation: the bridge begins again from the image and the files. */
interface Step {
  readonly desired: Desired;
  readonly phase: Phase;
  readonly anew: boolean;
}

/** `already`: the answer is yes and nothing changes. `in_place`: allowed, and moves nothing. */
type Effect = Step | "already" | "in_place" | "needs_force" | "refused";

interface Waiting {
  readonly seconds: number;
  readonly overdue: string;
  /** Progress within one generation: a step back (3 -> 1) keeps the deadline it had, so flapping cannot wait for ever. */
  readonly rank: number;
}

const bringUp: Step = { desired: "running", phase: "provisioning", anew: true };
const bringAround: Step = { desired: "running", phase: "restarting", anew: true };
const bringDown: Step = { desired: "stopped", phase: "stopping", anew: false };
const remove: Step = { desired: "deleted", phase: "stopping", anew: false };

type Effects = Readonly<Record<Action, Effect>>;
const whileStarting: Effects = {
  start: "already",
  stop: bringDown,
  restart: "refused",
  recover: "refused",
  delete: remove,
  update: "in_place",
};
const whileRunning: Effects = {
  start: "already",
  stop: bringDown,
  restart: bringAround,
  recover: "already",
  delete: "needs_force",
  update: "in_place",
};
const whileDown: Effects = {
  start: bringUp,
  stop: "already",
  restart: "refused",
  recover: "refused",
  delete: remove,
  update: "in_place",
};

const table: Readonly<Record<Phase, { effects: Effects; waiting?: Waiting }>> = {
  creating: {
    effects: whileStarting,
    waiting: { rank: 0, seconds: 180, overdue: "The cluster did not take up this environment in time" },
  },
  provisioning: {
    effects: whileStarting,
    waiting: { rank: 1, seconds: 600, overdue: "The environment could not be provided in time" },
  },
  restarting: {
    effects: { ...whileStarting, restart: "already", recover: "already" },
    waiting: { rank: 1, seconds: 600, overdue: "The environment did not come back in time" },
  },
  installing: {
    effects: whileRunning,
    waiting: { rank: 2, seconds: 1800, overdue: "The installation did not finish in time" },
  },
  configuring: {
    effects: whileRunning,
    waiting: { rank: 3, seconds: 600, overdue: "The configuration did not finish in time" },
  },
  running: { effects: whileRunning },
  stopping: {
    effects: whileDown,
    waiting: { rank: 0, seconds: 180, overdue: "The environment did not stop in time" },
  },
  stopped: { effects: whileDown },
  error: {
    effects: {
      start: bringUp,
      stop: bringDown,
      restart: bringAround,
      recover: bringAround,
      delete: remove,
      update: "in_place",
    },
  },
  terminated: {
    effects: {
      start: "refused",
      stop: "refused",
      restart: "refused",
      recover: "refused",
      delete: "refused",
      update: "refused",
    },
  },
};

/** Why a row is in `error` when its time ran out; observations.ts holds such a row to it. */
export const deadlineExceeded = "deadline_exceeded";

/** The life of an environment that was just asked for. */
export function newLifecycle(now: Date): Lifecycle {
  return {
    desired: "running",
    generation: 1,
    phase: "creating",
    statusMessage: null,
    phaseReason: null,
    phaseSince: now,
    phaseDeadlineAt: deadlineOf("creating", now),
    installationCompleted: false,
    pendingRestart: false,
  };
}

/** The row as it is at `now`: the same object, or `error` when it has waited past its deadline. */
export function phaseAt<Row extends Lifecycle>(row: Row, now: Date): Row {
  const waiting = table[row.phase].waiting;
  if (waiting === undefined || row.phaseDeadlineAt === null || row.phaseDeadlineAt > now) return row;
  return {
    ...row,
    phase: "error",
    statusMessage: row.statusMessage === null ? waiting.overdue : `${waiting.overdue}: ${row.statusMessage}`,
    phaseReason: deadlineExceeded,
    phaseSince: row.phaseDeadlineAt,
    phaseDeadlineAt: null,
  };
}

/** When a phase entered at `now` runs out, or null for a phase that may last. */
export function deadlineOf(phase: Phase, now: Date): Date | null {
  const waiting = table[phase].waiting;
  return waiting === undefined ? null : new Date(now.getTime() + waiting.seconds * 1000);
}

/** How far a waiting phase has come within its generation; null for a phase that may last. */
export function progressOf(phase: Phase): number | null {
  return table[phase].waiting?.rank ?? null;
}

/** Whether a request that waits for this phase's end would have to go on waiting. A usable shell ends the wait. */
export function isOnItsWay(phase: Phase): boolean {
  return table[phase].waiting !== undefined && !hasShell(phase);
}

export type Acted<Row extends Lifecycle> =
  | { readonly kind: "moved"; readonly row: Row }
  | { readonly kind: "already"; readonly row: Row }
  | { readonly kind: "needs_force"; readonly row: Row }
  | { readonly kind: "refused"; readonly row: Row; readonly allowed: Action[] };

/** Whether a move brings up what did not run: only then is a plan asked, for a downgrade takes nothing that runs. */
export function isBroughtUp(before: Lifecycle, after: Lifecycle): boolean {
  const ran = before.desired === "running" && hasShell(before.phase);
  return after.desired === "running" && after.generation > before.generation && !ran;
}

/** What a person's action makes of the row at `now`. `force` deletes an environment that is still running. */
export function act<Row extends Lifecycle>(
  stored: Row,
  action: Action,
  now: Date,
  options: { force?: boolean } = {},
): Acted<Row> {
  const row = phaseAt(stored, now);
  const effect = row.desired === "deleted" ? "refused" : table[row.phase].effects[action];
  if (effect === "refused") return { kind: "refused", row, allowed: allowedActions(row, now) };
  if (effect === "already" || effect === "in_place") return { kind: "already", row };
  if (effect !== "needs_force") return { kind: "moved", row: take(row, effect, now) };
  return options.force === true ? { kind: "moved", row: take(row, remove, now) } : { kind: "needs_force", row };
}

/** A stop that nobody asked for: the same as theirs, and it says why. The row as it is where a stop does nothing. */
export function stopFor<Row extends Lifecycle>(row: Row, phaseReason: string, statusMessage: string, now: Date): Row {
  const acted = act(row, "stop", now);
  return acted.kind === "moved" ? { ...acted.row, phaseReason, statusMessage } : row;
}

/** The actions that would do something, or be answered with yes, at `now`. */
export function allowedActions(stored: Lifecycle, now: Date): Action[] {
  const row = phaseAt(stored, now);
  if (row.desired === "deleted") return [];
  return actions.filter((action) => table[row.phase].effects[action] !== "refused");
}

function take<Row extends Lifecycle>(row: Row, step: Step, now: Date): Row {
  return {
    ...row,
    desired: step.desired,
    generation: step.anew ? row.generation + 1 : row.generation,
    phase: step.phase,
    statusMessage: null,
    phaseReason: null,
    phaseSince: now,
    phaseDeadlineAt: deadlineOf(step.phase, now),
    installationCompleted: step.anew ? false : row.installationCompleted,
    pendingRestart: step.anew ? false : row.pendingRestart,
  };
}
