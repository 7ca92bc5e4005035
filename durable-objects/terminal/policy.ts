/**
 * Which size policy holds: the one its owner has chosen last, for as long as a socket of theirs is here; else the smallest.
 * It hangs on the socket that chose it and goes on to another of the owner's when that one leaves.
 */
import type { ClientMessage2 } from "../protocol/client-2.ts";
import type { Turn } from "./events.ts";
import type { SizePolicy } from "./policies.ts";
import type { Room } from "./room.ts";
import { keepViewer, refuse2 } from "./send.ts";
import type { Viewer, Viewer2 } from "./viewers.ts";

type Asked = Extract<ClientMessage2, { type: "policy" }>;

const smallest: SizePolicy = { kind: "smallest" };

export function policyOf(room: Room): SizePolicy {
  return chooserOf(room)?.policy ?? smallest;
}

function chooserOf(room: Room): Viewer | null {
  return [...room.viewers.values()].find((viewer) => viewer.policy !== null) ?? null;
}

/** Whether it was chosen: only by an owner, and `fixed` only with a size. */
export function choosePolicy(room: Room, turn: Turn, viewer: Viewer2, asked: Asked): boolean {
  const policy = policyIn(asked);
  if (viewer.access !== "owner" || policy === null) {
    const [code, message] =
      policy === null ? (["bad_frame", "A fixed size has cols and rows"] as const) : (["not_owner", notOwner] as const);
    refuse2(turn, viewer, code, message);
    return false;
  }
  const before = chooserOf(room);
  if (before !== null) setPolicy(turn, before, null);
  if (policy.kind !== "smallest") setPolicy(turn, viewer, policy);
  return true;
}

const notOwner = "Only its owner chooses the size";

function policyIn({ kind, cols, rows }: Asked): SizePolicy | null {
  if (kind !== "fixed") return { kind };
  return cols === undefined || rows === undefined ? null : { kind, size: { cols, rows } };
}

/** The socket that chose has left the room. */
export function passPolicy(room: Room, turn: Turn, left: Viewer): void {
  if (left.policy === null) return;
  const heir = [...room.viewers.values()].find((other) => other.access === "owner" && other.userId === left.userId);
  if (heir !== undefined) setPolicy(turn, heir, left.policy);
}

function setPolicy(turn: Turn, viewer: Viewer, policy: SizePolicy | null): void {
  viewer.policy = policy;
  keepViewer(turn, viewer);
}
