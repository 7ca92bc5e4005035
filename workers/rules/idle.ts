/**
 * When a running environment stops by itself: nothing has happened in it for as long as its plan allows, or nobody
 * has attended to it for so long that work alone keeps it no more, or the month's running hours are used up. Nobody
 * is stopped unwarned, and what is not known is not idle. Pure; the clock is an argument.
 */
import type { Phase } from "../../durable-objects/protocol/vocabulary.ts";
import { monthOf } from "./months.ts";

export const autoStopReasons = ["idle_stopped", "unattended_stopped", "hours_used_up"] as const;
/** Told in `phase_reason` of what was stopped. */
export type AutoStopReason = (typeof autoStopReasons)[number];

/** CPU above this many percent of the limit is work. */
export const workingCpuPercent = 5;
/** So long after its last sign something is at work. */
const workCountsMs = 5 * 60_000;
const warnBeforeMs = 5 * 60_000;
/** A bridge tells how an environment is each minute; after this long without a word nothing is known. */
const silentAfterMs = 150_000;
/** A change of plan ends nothing within this time. */
const planGraceMs = 24 * 3_600_000;

export interface AutoStopFacts {
  readonly phase: Phase;
  readonly phaseSince: Date;
  /** Last input, or a viewer that was watching. */
  readonly attendedAt: Date | null;
  /** Last output, or CPU above `workingCpuPercent`. */
  readonly workedAt: Date | null;
  /** When its bridge last told any of this. */
  readonly heardAt: Date | null;
  /** What was announced; null = nobody was warned. */
  readonly autoStopAt: Date | null;
  /** The owner's plan; null = no limit. */
  readonly idleSeconds: number | null;
  readonly unattendedSeconds: number | null;
  readonly runningSecondsPerMonth: number | null;
  /** What the owner's environments have run this month, and how many of them are running now. */
  readonly runningSeconds: number;
  readonly runningEnvironments: number;
  readonly planChangedAt: Date | null;
}

/** Where it ends if nothing more happens. */
export interface End {
  readonly at: Date;
  readonly reason: AutoStopReason;
}

export type AutoStop =
  /** Nobody is to be warned; a warning that was given is taken back. */
  | { readonly kind: "goes_on" }
  /** `at` is to be announced, or stays announced. */
  | ({ readonly kind: "warned" } & End)
  | ({ readonly kind: "stops" } & End);

/**
 * What is to be done about an environment at `now`. It stops no sooner than 5 minutes after it was announced, and as
 * idle only on word from its bridge of the time after that: what happened in the last minute before counts.
 */
export function autoStop(facts: AutoStopFacts, now: Date): AutoStop {
  const end = endOf(facts, now);
  if (end === null || end.at.getTime() > now.getTime() + warnBeforeMs) return { kind: "goes_on" };
  const announced = facts.autoStopAt ?? new Date(now.getTime() + warnBeforeMs);
  const at = later(end.at, announced);
  const isKnown = end.reason === "hours_used_up" || (facts.heardAt !== null && facts.heardAt >= at);
  return { kind: facts.autoStopAt !== null && at <= now && isKnown ? "stops" : "warned", at, reason: end.reason };
}

/** Whether nothing has been heard of it for so long that nothing is known of what happens in it. */
export function isSilent(facts: Pick<AutoStopFacts, "heardAt">, now: Date): boolean {
  return facts.heardAt === null || now.getTime() - facts.heardAt.getTime() > silentAfterMs;
}

function endOf(facts: AutoStopFacts, now: Date): End | null {
  const ends = [idleEnd(facts, now), hoursEnd(facts, now)].flatMap((end) => end ?? []);
  const [first] = ends.sort((one, other) => one.at.getTime() - other.at.getTime());
  return first ?? null;
}

/**
 * Attendance and work both count as activity, work for at least 5 minutes; but work keeps nothing running for longer
 * than the plan's unattended time after the last attendance. An installation is at work by itself.
 */
function idleEnd(facts: AutoStopFacts, now: Date): End | null {
  const { idleSeconds, unattendedSeconds } = facts;
  if (facts.phase !== "running" || idleSeconds === null || isSilent(facts, now)) return null;
  const idleMs = idleSeconds * 1000;
  const attendedAt = later(facts.phaseSince, facts.attendedAt);
  const byAttendance = after(attendedAt, idleMs);
  const byWork = facts.workedAt === null ? null : after(facts.workedAt, Math.max(idleMs, workCountsMs));
  const idle: End = { at: later(byAttendance, byWork), reason: "idle_stopped" };
  const unattendedAt =
    unattendedSeconds === null ? null : after(attendedAt, Math.max(idleMs, unattendedSeconds * 1000));
  const isWorkTooLong = unattendedAt !== null && unattendedAt < idle.at;
  return withGrace(isWorkTooLong ? { at: unattendedAt, reason: "unattended_stopped" } : idle, facts);
}

/** All of an owner's environments draw on the same hours; a new month brings new ones. */
function hoursEnd(facts: AutoStopFacts, now: Date): End | null {
  const { runningSecondsPerMonth, runningSeconds, runningEnvironments } = facts;
  if (runningSecondsPerMonth === null) return null;
  const leftSeconds = Math.max(0, runningSecondsPerMonth - runningSeconds) / Math.max(1, runningEnvironments);
  const end = withGrace({ at: after(now, leftSeconds * 1000), reason: "hours_used_up" }, facts);
  return end.at < monthOf(now).endsAt ? end : null;
}

function withGrace(end: End, { planChangedAt }: AutoStopFacts): End {
  return planChangedAt === null ? end : { ...end, at: later(end.at, after(planChangedAt, planGraceMs)) };
}

function after(time: Date, durationMs: number): Date {
  return new Date(time.getTime() + durationMs);
}

function later(one: Date, other: Date | null): Date {
  return other !== null && other > one ? other : one;
}
