/** What people are told when an environment is about to stop by itself, and once it has. Pure. */
import type { AutoStopFacts, AutoStopReason, End } from "./idle.ts";
import { monthOf } from "./months.ts";
import { hoursOf } from "./quotas.ts";

type Plan = Pick<AutoStopFacts, "idleSeconds" | "unattendedSeconds" | "runningSecondsPerMonth">;

/** Says when it will stop, why, and what helps. */
export function warningOf({ at, reason }: End, plan: Plan): string {
  const help = reason === "hours_used_up" ? "" : "; type something, watch it or extend it to keep it running";
  return `It stops at ${at.toISOString().slice(11, 16)} UTC because ${because(reason, plan)}${help}`;
}

/** Says why it was stopped, and when it may run again if that is not at once. */
export function stoppedWords(reason: AutoStopReason, plan: Plan, now: Date): string {
  const again = reason === "hours_used_up" ? `; they begin anew on ${monthOf(monthOf(now).endsAt).firstDay}` : "";
  return `Stopped because ${because(reason, plan)}${again}`;
}

function because(reason: AutoStopReason, plan: Plan): string {
  switch (reason) {
    case "idle_stopped":
      return `nothing has happened in it for ${duration(plan.idleSeconds ?? 0)}`;
    case "unattended_stopped":
      return `nobody has attended to it for ${duration(Math.max(plan.unattendedSeconds ?? 0, plan.idleSeconds ?? 0))}`;
    case "hours_used_up":
      return `this month's ${hoursOf(plan.runningSecondsPerMonth ?? 0)} running hours are used up`;
  }
}

function duration(seconds: number): string {
  const isHours = seconds >= 3600;
  const amount = isHours ? hoursOf(seconds) : Math.round(seconds / 60);
  return `${amount} ${isHours ? "hour" : "minute"}${amount === 1 ? "" : "s"}`;
}
