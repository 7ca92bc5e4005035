/**
 * How many sockets are at a terminal, as viewers of version 2 are told, so that after a cut of all they dial again far
 * enough apart. All know the same bound, which is never too low and a third too high at most when they come; it costs a
 * message for who comes, and for all a new one when a fifth of them have come or a third gone, without any timer.
 */
import { limits } from "../protocol/timing.ts";
import type { Turn } from "./events.ts";
import { type Room, viewers2 } from "./room.ts";
import { send } from "./send.ts";

/** The bound leaves room for so many more. */
const ahead = 1.25;

export function tellCrowd(room: Room, turn: Turn): void {
  if (!room.isCrowdStale) return;
  room.isCrowdStale = false;
  const { size } = room.viewers;
  const isNews = Math.max(size, room.toldCrowd ?? 0) >= limits.minCrowdSockets && !isWithin(size, room.toldCrowd);
  if (isNews) room.toldCrowd = Math.ceil(size * ahead);
  const sockets = room.toldCrowd ?? 0;
  if (!isNews && sockets < limits.minCrowdSockets) return;
  const to = viewers2(room).filter((viewer) => isNews || viewer.isUncounted);
  for (const viewer of to) viewer.isUncounted = false;
  const ids = to.map(({ id }) => id);
  send(turn, ids, { type: "crowd", sockets });
}

/** Whoever woke without knowing what was told tells it once more. */
function isWithin(size: number, told: number | null): boolean {
  return told !== null && size <= told && size * ahead ** 2 > told;
}
