/**
 * How many sockets are at a terminal, as viewers of version 2 are told, so that after a cut of all they dial again far
 * enough apart. Everybody knows it within a quarter, and what that costs is bounded by what people do: only when a fifth
 * of them have come or gone is everybody told again, which is some five small messages for each who comes.
 */
import { limits } from "../protocol/timing.ts";
import type { Turn } from "./events.ts";
import { type Room, viewers2 } from "./room.ts";
import { send } from "./send.ts";

export function tellCrowd(room: Room, turn: Turn): void {
  if (!room.isCrowdStale) return;
  room.isCrowdStale = false;
  const sockets = room.viewers.size;
  const isNews = hasDrifted(room.toldCrowd, sockets);
  if (isNews) room.toldCrowd = sockets;
  if (!isNews && sockets < limits.minCrowdSockets) return;
  const to = viewers2(room).filter((viewer) => isNews || viewer.isUncounted);
  for (const viewer of to) viewer.isUncounted = false;
  const ids = to.map(({ id }) => id);
  send(turn, ids, { type: "crowd", sockets });
}

/** Whoever woke without knowing what was told tells it once more. */
function hasDrifted(told: number | null, sockets: number): boolean {
  if (Math.max(told ?? 0, sockets) < limits.minCrowdSockets) return false;
  return told === null || sockets >= told * 1.25 || sockets * 1.25 <= told;
}
