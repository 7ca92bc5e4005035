/**
 * Who waits for a snapshot, and when the bridge is asked for one. At most one question is open; an answer serves
 * everybody who waits when it comes. There are no timers here: where a question should come later, the bridge is
 * asked to wait.
 */
import { clearScreen } from "../protocol/client.ts";
import type { SnapshotFrame } from "../protocol/stream-frames.ts";
import { limits } from "../protocol/timing.ts";
import type { Bridge } from "./bridge.ts";
import { grantSnapshot } from "./budget.ts";
import { hasSignSinceCredit, spend } from "./credit.ts";
import { enter, letIn } from "./entering.ts";
import type { Moment, Turn } from "./events.ts";
import { decodeText } from "./frames.ts";
import { placeOf } from "./places.ts";
import { type Room, viewers1, viewers2 } from "./room.ts";
import { keepBridge, keepViewer, tellBridge } from "./send.ts";
import { applySize } from "./sizing.ts";
import type { LogPlace, Viewer1, Viewer2 } from "./viewers.ts";
import { isHalfOpen, roomLeft } from "./window.ts";

const soonMs = 1_000 / limits.maxSnapshotsPerSecond;
/** How long a question may stay open before it counts as lost. */
const lostAfterMs = 5_000;
/** While somebody is behind who has shown no sign of life since: looks again so often. */
const retryBehindMs = 1_000;

/** Asks for a snapshot in `afterMs`, unless one that comes no later is already on its way. */
function askForSnapshot(room: Room, turn: Turn, bridge: Bridge, afterMs: number): void {
  const { now } = turn.moment;
  const dueAt = now + afterMs;
  const open = room.snapshotAsk;
  const isOnItsWay = open !== null && now < Math.max(open.askedAt, open.dueAt) + lostAfterMs;
  if (isOnItsWay && (open.isRetry || open.dueAt <= dueAt)) return;
  room.snapshotAsk = { askedAt: now, dueAt, isRetry: false };
  tellBridge(turn, bridge, { type: "snapshot", ...(afterMs > 0 ? { after_ms: Math.ceil(afterMs) } : {}) });
}

/** Nobody's picture is right any more: everybody waits for the next snapshot. */
export function makeAllWait(room: Room, turn: Turn): void {
  for (const viewer of viewers1(room)) if (viewer.standing.state !== "waiting") makeWait(turn, viewer, null);
  for (const viewer of viewers2(room)) {
    viewer.window.isWhole = false;
    if (viewer.standing.state === "live") makeWait2(turn, viewer);
  }
}

/** The viewer gets nothing more until a snapshot comes; of a log it remembers how far it has seen it. */
export function makeWait(turn: Turn, viewer: Viewer1, seen: LogPlace | null): void {
  viewer.standing = { state: "waiting", seen };
  keepViewer(turn, viewer);
}

/** The same of version 2: once its window has room it gets what it lacks, or a snapshot. */
export function makeWait2(turn: Turn, viewer: Viewer2): void {
  viewer.standing = { state: "waiting", asked: null, isUrgent: false };
  keepViewer(turn, viewer);
}

/** After each event: whoever waits has a question open, and at once if it can be served at once. */
export function askForThoseWhoWait(room: Room, turn: Turn): void {
  const { bridge } = room;
  if (bridge === null || bridge.shell.state === "silent") return;
  let afterMs = Number.POSITIVE_INFINITY;
  for (const viewer of viewers1(room)) {
    if (viewer.standing.state === "waiting") afterMs = Math.min(afterMs, waitMs(viewer, turn.moment));
  }
  for (const viewer of viewers2(room)) afterMs = Math.min(afterMs, waitMs2(room, turn, bridge, viewer));
  if (Number.isFinite(afterMs)) askForSnapshot(room, turn, bridge, afterMs);
}

/** 0 for a viewer that is not behind; later for one whose window is full. */
function waitMs(viewer: Viewer1, moment: Moment): number {
  if (!viewer.isPaused && viewer.sentSinceCredit <= limits.maxUnacknowledgedBytes / 2) return 0;
  return hasSignSinceCredit(viewer, moment) ? soonMs : retryBehindMs;
}

/** Never for one that needs no snapshot now: its window is full, or the answer to its `enter` is on its way. */
function waitMs2(room: Room, turn: Turn, bridge: Bridge, viewer: Viewer2): number {
  const { standing, window } = viewer;
  if (standing.state === "entering") return letsInBySnapshot(bridge) ? 0 : Number.POSITIVE_INFINITY;
  if (standing.state !== "waiting" || !isServable(viewer)) return Number.POSITIVE_INFINITY;
  const { now } = turn.moment;
  if (standing.asked !== null && now < standing.asked.since + lostAfterMs) return Number.POSITIVE_INFINITY;
  if (window.isRefused) return retryBehindMs;
  if (standing.isUrgent) return 0;
  if (!catchUp(room, turn, bridge, viewer)) return Math.max(0, room.snapshotAt + soonMs - now);
  return Number.POSITIVE_INFINITY;
}

function isServable({ standing, window }: Viewer2): boolean {
  return standing.state === "waiting" && (standing.isUrgent || isHalfOpen(window));
}

function letsInBySnapshot({ version, shell }: Bridge): boolean {
  return version === 1 && shell.state === "attached";
}

/** Asks for what the viewer lacks instead of a snapshot, if that is known, fits and was not tried before. */
function catchUp(room: Room, turn: Turn, bridge: Bridge, viewer: Viewer2): boolean {
  const { standing, window } = viewer;
  const at = placeOf(room, viewer);
  if (standing.state !== "waiting" || standing.asked !== null || at === null || bridge.version === 1) return false;
  if (bridge.shell.state !== "attached" || room.head === null) return false;
  if (room.head.seq - at.seq > roomLeft(window)) return false;
  viewer.standing = { ...standing, asked: { at, since: turn.moment.now } };
  enter(turn, bridge, viewer, at);
  return true;
}

/**
 * Gives a snapshot to everybody who waits and has room for it: as one repaint in version 1. One that is older than what
 * was sent already is of no use: bytes between would be missing. False for the second of them in a row: one of the
 * offsets was a lie, and nobody who waits would ever be served.
 */
export function takeSnapshot(room: Room, turn: Turn, frame: SnapshotFrame): boolean {
  const { bridge, snapshotAsk } = room;
  if (bridge?.shell.state !== "attached") return true;
  room.snapshotAsk = null;
  if (room.head !== null && frame.seq < room.head.seq) {
    if (snapshotAsk?.isRetry === true) return false;
    retry(room, turn, bridge);
    return true;
  }
  room.snapshotAt = turn.moment.now;
  applySize(room, turn, bridge, frame, frame.gen);
  const text = decodeText(frame.bytes);
  passRepaint(room, turn, frame, text);
  if (letsInBySnapshot(bridge)) letAllIn(room, turn, bridge, frame);
  passSnapshot(room, turn, frame, text);
  return true;
}

function retry(room: Room, turn: Turn, bridge: Bridge): void {
  const { now } = turn.moment;
  room.snapshotAsk = { askedAt: now, dueAt: now + soonMs, isRetry: true };
  tellBridge(turn, bridge, { type: "snapshot", after_ms: soonMs });
}

function passRepaint(room: Room, turn: Turn, frame: SnapshotFrame, text: string): void {
  const waiting = viewers1(room).filter(({ kind, standing }) => kind === "terminal" && standing.state === "waiting");
  if (waiting.length === 0) return;
  const repaint = JSON.stringify({ type: "output", data: clearScreen + text });
  const served = waiting.filter((viewer) => spend(turn, viewer, repaint.length));
  for (const viewer of served) {
    viewer.standing = { state: "live", from: frame.seq };
    keepViewer(turn, viewer);
  }
  serve(turn, served, repaint);
}

function passSnapshot(room: Room, turn: Turn, { seq, gen, cols, rows, bytes }: SnapshotFrame, data: string): void {
  const { budget, moment } = turn;
  const isGranted = ({ window }: Viewer2) => grantSnapshot(budget, window, seq, bytes.length, moment);
  const served = viewers2(room).filter((viewer) => isServable(viewer) && isGranted(viewer));
  if (served.length === 0) return;
  for (const viewer of served) {
    viewer.standing = { state: "live" };
    keepViewer(turn, viewer);
  }
  serve(turn, served, JSON.stringify({ type: "snapshot", data, seq, gen, cols, rows }));
}

function serve(turn: Turn, viewers: readonly { id: string }[], frame: string): void {
  if (viewers.length > 0) turn.effects.push({ kind: "send", to: viewers.map((viewer) => viewer.id), frame });
}

/** A bridge of version 1 knows no input by number: every viewer's hello names a ledger nobody can have known. */
function letAllIn(room: Room, turn: Turn, bridge: Bridge, { seq, gen, cols, rows }: SnapshotFrame): void {
  if (bridge.shell.state !== "attached") return;
  const { epoch } = bridge.shell;
  for (const viewer of viewers2(room)) {
    if (viewer.standing.state !== "entering") continue;
    bridge.entries += 1;
    const ledger = `${bridge.id.slice(-24)}.${bridge.entries}`;
    letIn(room, turn, viewer, { epoch, gen, seq, cols, rows, ledger, i: 0, asked: null });
    keepBridge(turn, bridge);
  }
}
