/**
 * How a viewer of version 2 enters the terminal, at its hello and again when another data socket or tmux client serves:
 * the bridge is asked how far its input has come and for what it lacks; until then its input is dropped, for it is
 * the client that keeps it and sends it again.
 */
import type { DataMessage, Position } from "../protocol/data-socket.ts";
import type { ReplayFrame } from "../protocol/stream-frames.ts";
import type { Bridge } from "./bridge.ts";
import { grantOutput } from "./budget.ts";
import type { Turn } from "./events.ts";
import { decodeText } from "./frames.ts";
import { type Room, viewers2 } from "./room.ts";
import { keepBridge, keepViewer, send, tellBridge } from "./send.ts";
import { showTabs } from "./tabs.ts";
import { authorOf, type Size, type Viewer2 } from "./viewers.ts";
import { beginAt, losePlace, roomLeft } from "./window.ts";

type Entered = Extract<DataMessage, { type: "entered" }>;

/** Asks for everybody who waits to enter and has not been asked for on this data socket. A bridge of version 1 cannot be
 * asked: its next snapshot lets them in. */
export function enterAll(room: Room, turn: Turn, bridge: Bridge): void {
  for (const viewer of viewers2(room)) {
    if (viewer.standing.state === "entering" && viewer.entry === null) enter(turn, bridge, viewer, viewer.standing.at);
  }
}

/** Asks the bridge for what this viewer lacks from `at` on. */
export function enter(turn: Turn, bridge: Bridge, viewer: Viewer2, at: Position | null): void {
  if (bridge.version === 1 || bridge.shell.state === "silent") return;
  bridge.entries += 1;
  viewer.entry = bridge.entries;
  keepBridge(turn, bridge);
  keepViewer(turn, viewer);
  const place = at === null ? {} : { at };
  const ask = { entry: viewer.entry, from: authorOf(viewer), ...place, max_bytes: roomLeft(viewer.window) };
  tellBridge(turn, bridge, { type: "enter", ...ask });
}

/** The bridge has answered. A viewer that only catches up knows all that already. */
export function takeEntered(room: Room, turn: Turn, bridge: Bridge, entered: Entered): void {
  const viewer = viewers2(room).find(({ entry }) => entry === entered.entry);
  if (viewer?.standing.state !== "entering") return;
  const { at } = viewer.standing;
  if (at?.epoch !== entered.epoch) losePlace(viewer.window);
  const i = countFor(viewer, bridge, entered.entry, entered.i);
  const ledger = ledgerFor(viewer, bridge.ledger);
  letIn(room, turn, viewer, { ...entered, i, ledger, asked: { at, since: turn.moment.now } });
  showTabs(room, turn, bridge, viewer);
}

/**
 * How far the author's input has come. Where the client gives up what is open and counts on, or where what it sent
 * before may be mistaken for the beginning of what it sends again, it becomes another author: one that the
 * bridge does not know may begin at any number.
 */
function countFor(viewer: Viewer2, bridge: Bridge, entry: number, i: number): number {
  const isKnown = viewer.ledger === ledgerFor(viewer, bridge.ledger);
  const isSound = isKnown ? i > 0 || !viewer.hasTyped : i === 0;
  if (isSound) return i;
  viewer.incarnation = `${bridge.id.slice(-12)}-${entry}`;
  return 0;
}

const mark = "~";

/** The ledger as this client is told it: the bridge's own name, and which of its authors the client is. */
function ledgerFor({ incarnation }: Viewer2, ledger: string): string {
  return incarnation === "" ? ledger : `${ledger.slice(0, 36)}${mark}${incarnation}`;
}

/** Which author a client is that knows this ledger. */
export function incarnationIn(ledger: string | null): string {
  return ledger?.split(mark)[1] ?? "";
}

/** Says hello and how far the input has come. */
export function letIn(
  room: Room,
  turn: Turn,
  viewer: Viewer2,
  at: Position & Size & { i: number; ledger: string; asked: { at: Position | null; since: number } | null },
): void {
  const { epoch, gen, seq, ledger, cols, rows, i } = at;
  const place = { epoch, gen, seq, ledger, cols, rows };
  const said = { type: "hello", cid: viewer.cid, ...place, role: viewer.access, window: room.window } as const;
  send(turn, [viewer.id], said);
  send(turn, [viewer.id], { type: "iack", i });
  viewer.standing = { state: "waiting", asked: at.asked, isUrgent: false };
  viewer.ledger = ledger;
  keepViewer(turn, viewer);
}

/** What one viewer lacks. It is used only if it begins where that one stands and ends where the stream goes on. */
export function takeReplay(room: Room, turn: Turn, frame: ReplayFrame): void {
  const viewer = viewers2(room).find(({ entry }) => entry === frame.entry);
  if (viewer?.standing.state !== "waiting" || viewer.standing.asked === null) return;
  const { at } = viewer.standing.asked;
  const isServed = at !== null && frame.gen === at.gen && frame.seq === at.seq && passReplay(room, turn, viewer, frame);
  viewer.standing = isServed ? { state: "live" } : { ...viewer.standing, asked: null };
  viewer.window.isWhole = isServed;
  if (isServed && room.head === null) room.head = { ...at, seq: frame.seq + frame.bytes.length };
  keepViewer(turn, viewer);
}

function passReplay(room: Room, turn: Turn, viewer: Viewer2, frame: ReplayFrame): boolean {
  const end = frame.seq + frame.bytes.length;
  if (room.head !== null && room.head.seq !== end) return false;
  beginAt(viewer.window, frame.seq);
  if (viewer.window.sent !== frame.seq || !grantOutput(turn.budget, viewer.window, end, turn.moment)) return false;
  const data = decodeText(frame.bytes);
  if (data !== "") send(turn, [viewer.id], { type: "output", data, seq: frame.seq });
  return true;
}
