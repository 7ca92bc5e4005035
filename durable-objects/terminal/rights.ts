/**
 * Who may type. Who only watches never may; while somebody has taken control nobody but them may, on whichever of their
 * devices. Control hangs on one of its holder's sockets and goes on to another of theirs when that one leaves.
 */
import type { Turn } from "./events.ts";
import { notePresence } from "./participants.ts";
import type { Room } from "./room.ts";
import { keepViewer, refuse2 } from "./send.ts";
import type { Viewer, Viewer1, Viewer2 } from "./viewers.ts";

export interface Refusal {
  code: "read_only" | "not_in_control";
  message: string;
}

/** Whether it may type at all, and so has a say in the size. */
export function isWritable({ access, kind }: Viewer): boolean {
  return access !== "viewer" && kind === "terminal";
}

/** Why what this viewer typed is not applied; null = it is. */
export function refusalOf(room: Room, viewer: Viewer): Refusal | null {
  if (viewer.kind === "logs") return { code: "read_only", message: "This socket takes no input" };
  if (!isWritable(viewer)) return { code: "read_only", message: "You may only watch this terminal" };
  const holder = holderOf(room);
  if (holder === null || holder.userId === viewer.userId) return null;
  return { code: "not_in_control", message: `${holder.username} has taken control` };
}

/** Who has control now. */
function holderOf(room: Room): Viewer | null {
  return [...room.viewers.values()].find((viewer) => viewer.hasControl) ?? null;
}

/** Whoever may type takes control while nobody has it; the owner takes it from anybody. */
export function takeControl(room: Room, turn: Turn, viewer: Viewer2): void {
  const refusal = viewer.access === "owner" ? null : refusalOf(room, viewer);
  if (refusal !== null) {
    refuse2(turn, viewer, refusal.code, refusal.message);
    return;
  }
  const holder = holderOf(room);
  if (holder?.userId === viewer.userId) return;
  if (holder !== null) setControl(room, turn, holder, false);
  setControl(room, turn, viewer, true);
}

/** Clients of version 1 have no word for control: what the owner types there ends that of others. */
export function reclaimControl(room: Room, turn: Turn, viewer: Viewer1): void {
  if (viewer.access !== "owner" || !isWritable(viewer)) return;
  const holder = holderOf(room);
  if (holder !== null && holder.userId !== viewer.userId) setControl(room, turn, holder, false);
}

/** Any device of the holder gives it back; for others there is nothing to do. */
export function releaseControl(room: Room, turn: Turn, viewer: Viewer2): void {
  const holder = holderOf(room);
  if (holder?.userId === viewer.userId) setControl(room, turn, holder, false);
}

/** Its holder's socket has left the room: another of theirs has it from now on, or nobody. */
export function passControl(room: Room, turn: Turn, left: Viewer): void {
  if (!left.hasControl) return;
  const heir = [...room.viewers.values()].find((other) => other.userId === left.userId && isWritable(other));
  if (heir !== undefined) setControl(room, turn, heir, true);
}

function setControl(room: Room, turn: Turn, viewer: Viewer, hasControl: boolean): void {
  viewer.hasControl = hasControl;
  keepViewer(turn, viewer);
  notePresence(room);
}
