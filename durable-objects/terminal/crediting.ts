/**
 * How far the bridge may send: as far as the best viewer of version 2 may be sent to. While all of them lag, the PTY is
 * not read and tmux drops what nobody could see.
 */
import { limits } from "../protocol/timing.ts";
import type { Bridge } from "./bridge.ts";
import type { Turn } from "./events.ts";
import { hasEntered } from "./receipts.ts";
import { type Room, viewers1, viewers2 } from "./room.ts";
import { keepBridge, tellBridge } from "./send.ts";
import type { Viewer2 } from "./viewers.ts";
import { isHalfOpen, reach } from "./window.ts";

/** Who acknowledges nothing for so long does not hold up those who never do. */
const stalledAfterMs = 2_000;

/** After each event: tells the bridge if the offset has moved by a step that is worth a message. */
export function grantCredit(room: Room, turn: Turn): void {
  const { bridge } = room;
  if (bridge?.shell.state !== "attached" || bridge.version === 1) return;
  const until = decideCredit(room, turn.moment.now);
  if (until === null) withdrawCredit(turn, bridge);
  else if (until !== "as before") giveCredit(turn, bridge, until);
}

function giveCredit(turn: Turn, bridge: Bridge, until: number): void {
  const told = bridge.isCredited ? bridge.creditedUntil : null;
  if (told !== null && Math.abs(until - told) < limits.ackEveryBytes) return;
  bridge.creditedUntil = until;
  tellBridge(turn, bridge, { type: "credit", until });
  keepCredited(turn, bridge, true);
}

/** Nobody acknowledges, or offsets begin anew: the bridge paces itself. */
export function withdrawCredit(turn: Turn, bridge: Bridge): void {
  if (!bridge.isCredited) return;
  bridge.creditedUntil = null;
  tellBridge(turn, bridge, { type: "credit", until: null });
  keepCredited(turn, bridge, false);
}

function keepCredited(turn: Turn, bridge: Bridge, isCredited: boolean): void {
  if (bridge.isCredited === isCredited) return;
  bridge.isCredited = isCredited;
  keepBridge(turn, bridge);
}

/** null where nobody is to be waited for. */
function decideCredit(room: Room, now: number): number | "as before" | null {
  const viewers = viewers2(room);
  if (viewers.length === 0) return null;
  const placed = viewers.filter((viewer) => hasEntered(viewer) && reach(viewer.window) !== null);
  const visible = placed.filter((viewer) => viewer.isVisible);
  const counted = visible.length > 0 ? visible : placed;
  if (counted.length === 0) return "as before";
  const isPacedInstead = counted.every((viewer) => isStalled(viewer, now)) && viewers1(room).length > 0;
  return isPacedInstead ? null : Math.max(...counted.map(({ window }) => reach(window) ?? 0));
}

function isStalled({ window }: Viewer2, now: number): boolean {
  return !isHalfOpen(window) && now - window.silentSince > stalledAfterMs;
}
