/**
 * Finds out when everything that was given to the bridge so far is with the shell: an input of nobody, with nothing in it,
 * goes behind it, and the bridge says when it was applied. Its number has to be new, for what a bridge knows already it
 * confirms at once. A bridge of version 1 applies as it comes and cannot say so.
 */
import type { Receipt } from "../protocol/data-socket.ts";
import { timing } from "../protocol/timing.ts";
import type { Bridge } from "./bridge.ts";
import type { Turn } from "./events.ts";
import type { Room } from "./room.ts";
import { keepBridge, tellBridge } from "./send.ts";

/** No client's: those have a slash. A socket's own, for only it knows how far it has counted. */
function authorOn({ id }: Bridge): string {
  return `control:${id}`;
}

export function raiseBarrier(room: Room, turn: Turn): void {
  const { bridge } = room;
  if (bridge === null || bridge.shell.state === "silent") {
    if (room.viewers.size > 0 && isJustLost(room, turn)) room.barrier = "due";
    return;
  }
  if (bridge.version === 1 || bridge.shell.state === "detached") return;
  bridge.barriers += 1;
  keepBridge(turn, bridge);
  room.barrier = bridge.barriers;
  tellBridge(turn, bridge, { type: "input", data: "", from: authorOn(bridge), i: bridge.barriers });
}

export function passBarrier(room: Room, receipts: readonly Receipt[]): void {
  const { bridge, barrier } = room;
  if (bridge === null || typeof barrier !== "number") return;
  const author = authorOn(bridge);
  if (receipts.some(({ from, i }) => from === author && i >= barrier)) room.barrier = null;
}

/** A bridge whose socket was cut still types what waited for the end of a paste. */
function isJustLost({ bridgeLostAt }: Room, { moment }: Turn): boolean {
  return bridgeLostAt !== null && moment.now - bridgeLostAt < timing.pasteSilentMs;
}

/** The bridge's socket is gone: its next one is asked. */
export function putBarrierOff(room: Room): void {
  if (room.barrier !== null) room.barrier = "due";
}

/** The bridge has said where it stands. */
export function raiseDueBarrier(room: Room, turn: Turn): void {
  if (room.barrier !== "due") return;
  room.barrier = null;
  raiseBarrier(room, turn);
}

/** The shell is gone, and what was not applied never will be; or nobody is here. */
export function liftBarrier(room: Room): void {
  room.barrier = null;
}
