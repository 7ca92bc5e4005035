/**
 * The environment's windows, as viewers of version 2 are told them: at their hello and whenever they change. The bridge
 * is asked once a data socket and then speaks by itself, so that nobody is woken for nothing.
 */
import { limits } from "../protocol/timing.ts";
import type { WindowTab } from "../protocol/windows.ts";
import type { Bridge } from "./bridge.ts";
import { lastSign } from "./credit.ts";
import type { Turn } from "./events.ts";
import { removeViewer } from "./leaving.ts";
import { hasEntered } from "./receipts.ts";
import { type Room, viewers2 } from "./room.ts";
import { send, tellBridge } from "./send.ts";
import type { Viewer2 } from "./viewers.ts";

/** To one that has just entered: what is known, or what the bridge will say. A bridge of version 1 has no windows. */
export function showTabs(room: Room, turn: Turn, bridge: Bridge, viewer: Viewer2): void {
  if (room.tabs.state === "known") tell(room, turn, viewer, room.tabs.windows);
  if (room.tabs.state !== "unknown" || bridge.version === 1) return;
  room.tabs = { state: "asked" };
  tellBridge(turn, bridge, { type: "windows" });
}

export function passTabs(room: Room, turn: Turn, windows: WindowTab[]): void {
  room.tabs = { state: "known", windows };
  for (const viewer of viewers2(room)) if (hasEntered(viewer)) tell(room, turn, viewer, windows);
}

/** To those that were sent too much of it and have given a sign of life since: how it is now. */
export function catchUpTabs(room: Room, turn: Turn): void {
  if (!room.isSomeoneBehindTabs || room.tabs.state !== "known") return;
  room.isSomeoneBehindTabs = false;
  for (const viewer of viewers2(room)) if (viewer.tabs.isBehind) tell(room, turn, viewer, room.tabs.windows);
}

/** Nobody acknowledges this: between two signs of life a viewer gets a bounded amount of it, then the newest. Whose client
 * has named a mark is not told the same again. */
function tell(room: Room, turn: Turn, viewer: Viewer2, windows: WindowTab[]): void {
  const { tabs } = viewer;
  const text = JSON.stringify(windows);
  const mark = markOf(text);
  if (tabs.mark === mark) {
    tabs.isBehind = false;
    return;
  }
  const sign = lastSign(viewer, turn.moment);
  const sent = sign > tabs.since ? 0 : tabs.sent;
  tabs.isBehind = sent > 0 && sent + text.length > limits.slowWindowBytes;
  if (tabs.isBehind) {
    room.isSomeoneBehindTabs = true;
    return;
  }
  Object.assign(tabs, { since: sign, sent: sent + text.length, mark: tabs.mark === null ? null : mark });
  send(turn, [viewer.id], { type: "windows", windows, mark });
}

/** Tells one list from another: two FNV-1a of 32 bits, from either end. */
function markOf(text: string): string {
  let [there, back] = [0x811c9dc5, 0x811c9dc5];
  for (let at = 0; at < text.length; at += 1) {
    there = Math.imul(there ^ text.charCodeAt(at), 0x01000193);
    back = Math.imul(back ^ text.charCodeAt(text.length - 1 - at), 0x01000193);
  }
  return [there, back].map((hash) => (hash >>> 0).toString(36)).join("");
}

/** The window of this terminal is closed, or never was. */
export function endWithWindow(room: Room, turn: Turn): void {
  for (const viewer of [...room.viewers.values()]) removeViewer(room, turn, viewer, "windowGone");
}
