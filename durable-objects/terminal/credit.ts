/**
 * What may be sent to a viewer that never acknowledges: so much between two of its signs of life, because the
 * platform's send queue has no end. A sign of life is a ping, or any other frame of it.
 */
import { limits } from "../protocol/timing.ts";
import { type Budget, unacknowledgedShare } from "./budget.ts";
import type { Moment, Turn } from "./events.ts";
import { type Room, viewers1 } from "./room.ts";
import { send } from "./send.ts";
import type { Viewer, Viewer1 } from "./viewers.ts";

/** Counts `characters` as sent and says true, or says false and closes the window until the next sign of life. The
 * first frame of a window is granted if there is room for it at all, so that a screen larger than the window can be seen. */
export function spend({ budget, moment }: Turn, viewer: Viewer1, characters: number): boolean {
  if (hasSignSinceCredit(viewer, moment)) openAnew(budget, viewer, moment);
  viewer.isPaused = !isWithin(budget, viewer, characters);
  if (viewer.isPaused) return false;
  viewer.sentSinceCredit += characters;
  budget.unacknowledged -= characters;
  return true;
}

function isWithin(budget: Budget, { isPaused, sentSinceCredit: sent }: Viewer1, characters: number): boolean {
  if (isPaused || characters > budget.unacknowledged) return false;
  return sent === 0 || sent + characters <= unacknowledgedShare(budget);
}

function openAnew(budget: Budget, viewer: Viewer1, moment: Moment): void {
  budget.unacknowledged += viewer.sentSinceCredit;
  viewer.creditedAt = lastSign(viewer, moment);
  viewer.sentSinceCredit = 0;
  viewer.isPaused = false;
}

/** While little is left for all, what was read is not counted until its viewer is sent something again. */
export function creditSigns(room: Room, { budget, moment }: Turn): void {
  if (budget.unacknowledged > limits.maxUnacknowledgedBytes * limits.unacknowledgedShare) return;
  for (const viewer of viewers1(room)) if (hasSignSinceCredit(viewer, moment)) openAnew(budget, viewer, moment);
}

/** Whether the window is to be opened again the next time it is looked at. */
export function hasSignSinceCredit(viewer: Viewer1, moment: Moment): boolean {
  return lastSign(viewer, moment) > viewer.creditedAt;
}

/** Somebody who never pings cannot know why the output stops. */
export function explainPause(turn: Turn, viewer: Viewer1): void {
  if (hasPinged(viewer, turn.moment)) return;
  send(turn, [viewer.id], { type: "info", message: 'Output is paused until you send {"type":"ping"}' });
}

export function hasPinged(viewer: Viewer, moment: Moment): boolean {
  return viewer.hasPingedByFrame || moment.lastPingAt(viewer.id) !== null;
}

/** The viewer's newest sign of life, ms since the epoch. */
export function lastSign(viewer: Viewer, moment: Moment): number {
  return Math.max(moment.lastPingAt(viewer.id) ?? 0, viewer.lastFrameAt ?? 0, viewer.joinedAt);
}
