/**
 * Who waits for a snapshot, and when the bridge is asked for one. At most one question is open; an answer serves
 * everybody who waits when it comes. There are no timers here: where a question should come later, the bridge is
 * asked to wait.
 */
import { clearScreen } from "../protocol/client.ts";
import type { SnapshotFrame } from "../protocol/data-socket.ts";
import { limits } from "../protocol/timing.ts";
import { hasSignSinceCredit, spend } from "./credit.ts";
import type { Moment, Turn } from "./events.ts";
import { decodeText } from "./frames.ts";
import type { Bridge, LogPlace, Room, Viewer } from "./room.ts";
import { keepViewer, tellBridge } from "./send.ts";
import { applySize } from "./sizing.ts";

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
  tellBridge(turn, bridge, { type: "snapshot", ...(afterMs > 0 ? { after_ms: afterMs } : {}) });
}

/** Nobody's picture is right any more: everybody waits for the next snapshot. */
export function makeAllWait(room: Room, turn: Turn): void {
  for (const viewer of room.viewers.values()) {
    if (viewer.standing.state !== "waiting") makeWait(turn, viewer, null);
  }
}

/** The viewer gets nothing more until a snapshot comes; of a log it remembers how far it has seen it. */
export function makeWait(turn: Turn, viewer: Viewer, seen: LogPlace | null): void {
  viewer.standing = { state: "waiting", seen };
  keepViewer(turn, viewer);
}

/** After each event: whoever waits has a question open, and at once if it can be served at once. */
export function askForThoseWhoWait(room: Room, turn: Turn): void {
  const bridge = room.bridge;
  if (bridge === null || bridge.shell.state === "silent") return;
  let afterMs = Number.POSITIVE_INFINITY;
  for (const viewer of room.viewers.values()) {
    if (viewer.standing.state === "waiting") afterMs = Math.min(afterMs, waitMs(viewer, turn.moment));
  }
  if (Number.isFinite(afterMs)) askForSnapshot(room, turn, bridge, afterMs);
}

/** 0 for a viewer that is not behind; later for one whose window is full. */
function waitMs(viewer: Viewer, moment: Moment): number {
  if (viewer.sentSinceCredit <= limits.maxUnacknowledgedBytes / 2) return 0;
  return hasSignSinceCredit(viewer, moment) ? soonMs : retryBehindMs;
}

/**
 * Gives a snapshot to everybody who waits and has credit, as one repaint. One that is older than what was sent
 * already is of no use: bytes between would be missing.
 */
export function takeSnapshot(room: Room, turn: Turn, frame: SnapshotFrame): void {
  const bridge = room.bridge;
  if (bridge?.shell.state !== "attached") return;
  room.snapshotAsk = null;
  if (room.head !== null && frame.seq < room.head.seq) {
    retry(room, turn, bridge);
    return;
  }
  applySize(room, turn, bridge, { cols: frame.cols, rows: frame.rows });
  const text = JSON.stringify({ type: "output", data: clearScreen + decodeText(frame.bytes) });
  const served: string[] = [];
  for (const viewer of room.viewers.values()) {
    const isServed = viewer.kind === "terminal" && viewer.standing.state === "waiting";
    if (!isServed || !spend(viewer, turn.moment, text.length)) continue;
    viewer.standing = { state: "live", from: frame.seq };
    keepViewer(turn, viewer);
    served.push(viewer.id);
  }
  if (served.length > 0) turn.effects.push({ kind: "send", to: served, frame: text });
}

function retry(room: Room, turn: Turn, bridge: Bridge): void {
  const { now } = turn.moment;
  room.snapshotAsk = { askedAt: now, dueAt: now + soonMs, isRetry: true };
  tellBridge(turn, bridge, { type: "snapshot", after_ms: soonMs });
}
