/**
 * Which size policy holds: the one its owner has chosen last, else the smallest. It is the terminal's and outlives the socket
 * that chose it, so that a cut of its owner changes nobody's screen; but not their absence for long, or guests would be left
 * with a size that nobody draws at. It is all that is stored of a terminal.
 */
import type { ClientMessage2 } from "../protocol/client-2.ts";
import { timing } from "../protocol/timing.ts";
import type { Turn } from "./events.ts";
import type { SizePolicy } from "./policies.ts";
import { type Room, viewers2 } from "./room.ts";
import { refuse2, send } from "./send.ts";
import type { Viewer2 } from "./viewers.ts";

type Asked = Extract<ClientMessage2, { type: "policy" }>;

export interface ChosenPolicy {
  policy: SizePolicy;
  /** Since when no socket of its owner's is here, ms since the epoch; null while one is. */
  ownerLeftAt: number | null;
}

const smallest: SizePolicy = { kind: "smallest" };

export function policyOf({ chosen }: Room): SizePolicy {
  return chosen?.policy ?? smallest;
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
  keep(room, turn, policy.kind === "smallest" ? null : { policy, ownerLeftAt: null });
  tellPolicy(room, turn, viewers2(room));
  return true;
}

const notOwner = "Only its owner chooses the size";

function policyIn({ kind, cols, rows }: Asked): SizePolicy | null {
  if (kind !== "fixed") return { kind };
  return cols === undefined || rows === undefined ? null : { kind, size: { cols, rows } };
}

/** Looks whether its owner is here. Whether it has ended: then the size is decided anew. */
export function agePolicy(room: Room, turn: Turn): boolean {
  const { chosen } = room;
  if (chosen === null) return false;
  const { now } = turn.moment;
  if (chosen.ownerLeftAt !== null && now >= endOf(chosen.ownerLeftAt)) {
    keep(room, turn, null);
    tellPolicy(room, turn, viewers2(room));
    return true;
  }
  const isOwnerHere = [...room.viewers.values()].some(({ access }) => access === "owner");
  if (isOwnerHere !== (chosen.ownerLeftAt === null))
    keep(room, turn, { ...chosen, ownerLeftAt: isOwnerHere ? null : now });
  return false;
}

/** When it ends if its owner does not come back. */
export function endOf(ownerLeftAt: number): number {
  return ownerLeftAt + timing.policyKeptMs;
}

/** To who comes, unless it is the one that everybody expects. */
export function showPolicy(room: Room, turn: Turn, viewer: Viewer2): void {
  if (room.chosen !== null) tellPolicy(room, turn, [viewer]);
}

function tellPolicy(room: Room, turn: Turn, viewers: readonly Viewer2[]): void {
  const to = viewers.filter(({ kind }) => kind === "terminal").map(({ id }) => id);
  const policy = policyOf(room);
  const size = policy.kind === "fixed" ? policy.size : {};
  send(turn, to, { type: "policy", kind: policy.kind, ...size });
}

function keep(room: Room, turn: Turn, chosen: ChosenPolicy | null): void {
  room.chosen = chosen;
  turn.effects.push({ kind: "keep_policy", chosen });
}
