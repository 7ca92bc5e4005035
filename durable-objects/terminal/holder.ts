/** Whether who has control of the environment is at this terminal: without them it ends. */
import type { Turn } from "./events.ts";
import { isWritable } from "./rights.ts";
import type { Room } from "./room.ts";
import { isGreeted, type Viewer } from "./viewers.ts";

/** Whether a socket of theirs that may type, if nobody has control, is here. */
export function mayTypeHere(room: Room, userId: string): boolean {
  const viewers = [...room.viewers.values()];
  return viewers.some((viewer) => viewer.userId === userId && isWritable(viewer) && isGreeted(viewer));
}

/** Tells the cluster if this was the last socket of who has control. */
export function tellHolderLeft(room: Room, turn: Turn, { userId, clusterId }: Viewer, isForGood: boolean): void {
  if (room.control.holder?.id !== userId || mayTypeHere(room, userId)) return;
  turn.effects.push({ kind: "holder_left", clusterId, userId, isForGood });
}
