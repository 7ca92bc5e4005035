/**
 * Finds out when everything that was given to the bridge so far is with the shell: an input of nobody, with nothing in it,
 * goes behind it, and the bridge says when it was applied. A bridge of version 1 applies as it comes and cannot say so.
 */
import type { Receipt } from "../protocol/data-socket.ts";
import type { Turn } from "./events.ts";
import type { Room } from "./room.ts";
import { tellBridge } from "./send.ts";

/** No client's: those have a slash. */
const author = "control";

export function raiseBarrier(room: Room, turn: Turn): void {
  const { bridge } = room;
  if (bridge === null || bridge.version === 1 || bridge.shell.state !== "attached") return;
  room.isBarred = true;
  // Known or not, a bridge answers a number that it has seen and one that is the first.
  tellBridge(turn, bridge, { type: "input", data: "", from: author, i: 1 });
}

export function passBarrier(room: Room, receipts: readonly Receipt[]): void {
  if (room.isBarred && receipts.some(({ from }) => from === author)) room.isBarred = false;
}

/** The shell or the bridge is gone: what was not applied never will be. */
export function liftBarrier(room: Room): void {
  room.isBarred = false;
}
