/** Whether who has control of the environment is at this terminal, as the cluster is told: without them it ends. */
import type { Turn } from "./events.ts";
import { isWritable } from "./rights.ts";
import type { Room } from "./room.ts";
import { keepBridge } from "./send.ts";
import { isGreeted } from "./viewers.ts";

export function isSeated(room: Room, userId: string): boolean {
  const viewers = [...room.viewers.values()];
  return viewers.some((viewer) => viewer.userId === userId && isWritable(viewer) && isGreeted(viewer));
}

/** `clusterId` is anybody's who is here, or was until now. */
export function tellSeat(room: Room, turn: Turn, clusterId: string | undefined): void {
  if (!room.isSeatStale || clusterId === undefined) return;
  room.isSeatStale = false;
  const { holder } = room.control;
  if (holder === null) return;
  const isHere = isSeated(room, holder.id);
  if (isHere === room.isSeated) return;
  room.isSeated = isHere;
  if (room.bridge !== null) {
    room.bridge.isSeated = isHere;
    keepBridge(turn, room.bridge);
  }
  const seat = isHere ? "here" : turn.gone.has(holder.id) ? "gone_for_good" : "away";
  turn.effects.push({ kind: "seat", clusterId, userId: holder.id, seat });
}

/** Without a bridge nothing is remembered of it over an eviction: with the next one it is told again, whatever it is. */
export function tellSeatAnew(room: Room): void {
  const { holder } = room.control;
  if (holder === null) return;
  room.isSeated = !isSeated(room, holder.id);
  room.isSeatStale = true;
}
