/**
 * Input of viewers of version 1 that came before the bridge did: a script types the moment its socket opens, a phone while a bridge dials
 * again. It is held beside the viewer's socket, so that it outlives hibernation, and handed over in order or refused
 * aloud: when there is no shell, no bridge, too much of it, or too long.
 */
import type { ClientErrorCode } from "../protocol/client.ts";
import { limits, timing } from "../protocol/timing.ts";
import type { Bridge } from "./bridge.ts";
import type { Turn } from "./events.ts";
import { mustReclaim, refusalOf } from "./rights.ts";
import { type Room, viewers1 } from "./room.ts";
import { keepViewer, refuse, tellBridge } from "./send.ts";
import type { Viewer1 } from "./viewers.ts";
import { reclaimControl } from "./wishes.ts";

export const notConnected = "The cluster is not connected; the input was not sent";

/** Puts input behind what is held already; refuses it, and all that follows until then, once there is too much. */
export function holdInput(room: Room, turn: Turn, viewer: Viewer1, data: string): void {
  const held = viewer.held ?? { text: "", since: turn.moment.now, isFull: false };
  const isFull = held.isFull || held.text.length + data.length > limits.maxHeldInputCharacters;
  viewer.held = { ...held, isFull, text: isFull ? held.text : held.text + data };
  room.isHolding = true;
  keepViewer(turn, viewer);
  if (isFull) refuse(turn, viewer, "bridge_unavailable", notConnected);
}

/** The bridge has shown that there is a shell: what was held goes to it, unless its author may not type any more, or waits
 * until control of others has ended. */
export function releaseInput(room: Room, turn: Turn, bridge: Bridge): void {
  if (!room.isHolding) return;
  const isWaiting = (viewer: Viewer1) => mustReclaim(room, viewer);
  for (const viewer of viewers1(room))
    if (viewer.held !== null && isWaiting(viewer)) reclaimControl(room, turn, viewer);
  for (const { viewer, text } of takeHeld(room, turn, (viewer) => !isWaiting(viewer))) {
    const refusal = refusalOf(room, viewer);
    if (refusal !== null) refuse(turn, viewer, refusal.code, refusal.message);
    else if (text !== "") tellBridge(turn, bridge, { type: "input", data: text });
  }
}

/** There is nobody to hand it to. */
export function refuseHeldInput(room: Room, turn: Turn, code: ClientErrorCode, message: string): void {
  for (const { viewer } of takeHeld(room, turn)) refuse(turn, viewer, code, message);
}

/** What was typed too long ago must not surprise its author now. */
export function expireInput(room: Room, turn: Turn): void {
  const { now } = turn.moment;
  const isOld = ({ held }: Viewer1) => held !== null && now - held.since > timing.holdInputMs;
  if (room.isHolding && viewers1(room).some(isOld)) {
    refuseHeldInput(room, turn, "bridge_unavailable", "The cluster did not answer; the input was not sent");
  }
}

function takeHeld(
  room: Room,
  turn: Turn,
  isTaken: (viewer: Viewer1) => boolean = () => true,
): { viewer: Viewer1; text: string }[] {
  if (!room.isHolding) return [];
  room.isHolding = viewers1(room).some((viewer) => viewer.held !== null && !isTaken(viewer));
  return viewers1(room).flatMap((viewer) => {
    if (viewer.held === null || !isTaken(viewer)) return [];
    const { text } = viewer.held;
    viewer.held = null;
    keepViewer(turn, viewer);
    return [{ viewer, text }];
  });
}
