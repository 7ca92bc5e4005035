/**
 * How much a terminal may have under way to all of its viewers together, for what they do not read stays in the object's
 * memory. Each has a part of what is left, so that some is left for whoever comes, however many read nothing. It is
 * counted anew at each event; within one, what is acknowledged is not yet given to others.
 */
import { limits } from "../protocol/timing.ts";
import type { Moment } from "./events.ts";
import type { Room } from "./room.ts";
import type { Viewer, Viewer2 } from "./viewers.ts";
import { heldBytes, spendOutput, spendSnapshot, type Window } from "./window.ts";

/** What is left for viewers of version 2, in bytes, and of version 1, in characters. */
export interface Budget {
  open: number;
  unacknowledged: number;
}

/** What is under way to somebody. */
export type Load = Budget;

export function budgetOf(room: Room): Budget {
  const budget = { open: limits.maxOpenBytesOfAll, unacknowledged: limits.maxUnacknowledgedBytesOfAll };
  for (const viewer of room.viewers.values()) take(budget, loadOf(viewer));
  for (const { load } of room.closing.values()) take(budget, load);
  return budget;
}

function take(budget: Budget, { open, unacknowledged }: Load): void {
  budget.open -= open;
  budget.unacknowledged -= unacknowledged;
}

export function loadOf(viewer: Viewer): Load {
  return viewer.version === 2
    ? { open: heldBytes(viewer.window), unacknowledged: 0 }
    : { open: 0, unacknowledged: viewer.sentSinceCredit };
}

/** Says how far each window may be filled as things stand. */
export function shareOut(budget: Budget, viewers: readonly Viewer2[]): void {
  for (const { window } of viewers) share(budget, window);
}

function share({ open }: Budget, window: Window): void {
  window.share = Math.max(0, Math.floor(open / limits.openShare));
}

/** Counts output up to `end` as sent and says true, or false if it does not fit. */
export function grantOutput(budget: Budget, window: Window, end: number, { now }: Moment): boolean {
  share(budget, window);
  return isSpent(budget, window, () => spendOutput(window, end, now));
}

/** The same of a snapshot, which may be larger than the window. */
export function grantSnapshot(budget: Budget, window: Window, seq: number, bytes: number, { now }: Moment): boolean {
  share(budget, window);
  window.isRefused = bytes > budget.open / limits.openSnapshotShare;
  if (window.isRefused) return false;
  return isSpent(budget, window, () => {
    spendSnapshot(window, seq, bytes, now);
    return true;
  });
}

function isSpent(budget: Budget, window: Window, spend: () => boolean): boolean {
  const before = heldBytes(window);
  const isGranted = spend();
  budget.open -= heldBytes(window) - before;
  return isGranted;
}

/** Characters that one viewer of version 1 may have between two signs of life. */
export function unacknowledgedShare({ unacknowledged }: Budget): number {
  return Math.min(limits.maxUnacknowledgedBytes, unacknowledged / limits.unacknowledgedShare);
}
