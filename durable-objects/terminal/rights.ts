/**
 * Who may type. Who only watches never may; while somebody has control of the environment nobody but them may, on whichever
 * of their devices and at whichever of its terminals.
 */
import type { Room } from "./room.ts";
import type { Viewer, Viewer1 } from "./viewers.ts";

export interface Refusal {
  code: "read_only" | "not_in_control";
  message: string;
}

/** Whether it may type at all, and so has a say in the size. */
export function isWritable({ access, kind }: Viewer): boolean {
  return access !== "viewer" && kind === "terminal";
}

/** Why what this viewer typed is not applied; null = it is. */
export function refusalOf({ control }: Room, viewer: Viewer): Refusal | null {
  if (viewer.kind === "logs") return { code: "read_only", message: "This socket takes no input" };
  if (!isWritable(viewer)) return { code: "read_only", message: "You may only watch this terminal" };
  const { holder, stage } = control;
  if (holder === null) return null;
  if (holder.id !== viewer.userId) return { code: "not_in_control", message: `${holder.name} has taken control` };
  return stage === "passing" ? { code: "not_in_control", message: "Control is still on its way to you" } : null;
}

/** Clients of version 1 have no word for control: what the owner types there ends that of others, and is applied then. */
export function mustReclaim(room: Room, viewer: Viewer1): boolean {
  return viewer.access === "owner" && refusalOf(room, viewer)?.code === "not_in_control";
}
