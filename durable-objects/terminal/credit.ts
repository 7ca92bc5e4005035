/**
 * What may be sent to a viewer that never acknowledges: so much between two of its signs of life, because the
 * platform's send queue has no end. A sign of life is a ping, or any other frame of it.
 */
import { limits } from "../protocol/timing.ts";
import type { Moment, Turn } from "./events.ts";
import { send } from "./send.ts";
import type { Viewer, Viewer1 } from "./viewers.ts";

/** Counts `characters` as sent and says true, or says false and closes the window until the next sign of life. The
 * first frame of a window is always granted, so that a screen larger than the window can be seen at all. */
export function spend(viewer: Viewer1, moment: Moment, characters: number): boolean {
  const isWithin = () =>
    viewer.sentSinceCredit === 0 || viewer.sentSinceCredit + characters <= limits.maxUnacknowledgedBytes;
  if (!isWithin() && hasSignSinceCredit(viewer, moment)) {
    viewer.creditedAt = lastSign(viewer, moment);
    viewer.sentSinceCredit = 0;
  }
  const isGranted = isWithin();
  viewer.sentSinceCredit = isGranted ? viewer.sentSinceCredit + characters : limits.maxUnacknowledgedBytes;
  return isGranted;
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
