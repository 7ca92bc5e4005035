/** How viewers and bridges go: told to, silent for too long, or simply gone. */
import { type CloseName, closes } from "../protocol/closes.ts";
import { timing } from "../protocol/timing.ts";
import { liftBarrier, putBarrierOff } from "./barrier.ts";
import type { Bridge } from "./bridge.ts";
import { loadOf } from "./budget.ts";
import { hasPinged, lastSign } from "./credit.ts";
import type { Moment, Turn } from "./events.ts";
import { tellHolderLeft } from "./holder.ts";
import { expireInput } from "./holding.ts";
import { noteAbsence } from "./participants.ts";
import { keepPlaces } from "./places.ts";
import { audience, type Room, viewers1 } from "./room.ts";
import { send } from "./send.ts";
import { askForSize } from "./sizing.ts";
import { makeWait } from "./snapshots.ts";
import { tellStatus } from "./status.ts";
import { endTyping } from "./typing.ts";
import type { Viewer, Viewer1 } from "./viewers.ts";

const sweepEveryMs = 1_000;

/** Takes a viewer out of the room, closing its socket unless it is closed already. */
export function removeViewer(room: Room, turn: Turn, viewer: Viewer, close: CloseName | null): void {
  room.viewers.delete(viewer.id);
  noteAbsence(room);
  if (close !== null) closeViewer(room, turn, viewer, close);
  const isOver = close !== null && isForGood(close);
  if (isOver) endTyping(room, turn, viewer);
  tellHolderLeft(room, turn, viewer, isOver);
  turn.effects.push({ kind: "release", userId: viewer.userId, id: viewer.id });
  if (room.viewers.size > 0) {
    askForSize(room, turn);
    return;
  }
  room.isWanted = false;
  liftBarrier(room);
  turn.effects.push({ kind: "unwant", clusterId: viewer.clusterId });
  removeBridge(room, turn, "unwanted");
}

function closeViewer(room: Room, turn: Turn, viewer: Viewer, close: CloseName): void {
  const { id, userId } = viewer;
  room.closing.set(id, { userId, load: loadOf(viewer) });
  turn.effects.push({ kind: "close_viewer", id, close });
}

/** After any other end the client comes back, here or at another window, and what it was in the middle of goes on. */
function isForGood(close: CloseName): boolean {
  return !closes[close].mayRetry && close !== "takenOver" && close !== "windowGone";
}

/**
 * Lets go of the bridge's socket. Those who watch bytes keep their place until another bridge says where it
 * stands; those who watch a log wait for its replay from the line they saw last.
 */
export function removeBridge(room: Room, turn: Turn, close: CloseName | null): void {
  const bridge = room.bridge;
  if (bridge === null) return;
  if (close !== null) turn.effects.push({ kind: "close_bridge", id: bridge.id, close });
  room.bridge = null;
  room.bridgeLostAt = turn.moment.now;
  putBarrierOff(room);
  room.tabs = { state: "unknown" };
  room.wantedAt = turn.moment.now;
  room.snapshotAsk = null;
  for (const viewer of viewers1(room)) if (viewer.kind === "logs") leaveLog(turn, viewer, bridge);
  keepPlaces(room, turn);
  tellStatus(room, turn);
}

function leaveLog(turn: Turn, viewer: Viewer1, bridge: Bridge): void {
  const { standing } = viewer;
  if (standing.state === "waiting") return;
  makeWait(turn, viewer, standing.state === "live" ? bridge.told : standing.seen);
}

/** Closes guests whose time is over, viewers and a bridge that used to ping and then fell silent; looks at most once a
 * second. */
export function sweep(room: Room, turn: Turn): void {
  const { moment } = turn;
  if (moment.now - room.sweptAt < sweepEveryMs) return;
  room.sweptAt = moment.now;
  for (const [id, { until }] of room.ended) if (until <= moment.now) room.ended.delete(id);
  expireInput(room, turn);
  if (room.bridge !== null && isSilentBridge(room.bridge, moment)) loseBridge(room, turn);
  const silent = [...room.viewers.values()].filter((viewer) => isSilent(viewer, moment));
  for (const viewer of silent) removeViewer(room, turn, viewer, "silent");
  showOutGuests(room, turn);
}

function showOutGuests(room: Room, turn: Turn): void {
  for (const viewer of [...room.viewers.values()]) {
    const { roleEnds } = viewer;
    if (roleEnds === null || roleEnds.atMs > turn.moment.now) continue;
    removeViewer(room, turn, viewer, roleEnds.mayRetry ? "accessChanged" : "accessEnded");
  }
}

function loseBridge(room: Room, turn: Turn): void {
  removeBridge(room, turn, "silent");
  send(turn, audience(room), { type: "info", message: "The cluster does not answer; waiting for it" });
}

function isSilent(viewer: Viewer, moment: Moment): boolean {
  return hasPinged(viewer, moment) && moment.now - lastSign(viewer, moment) > timing.clientSilentAfterMs;
}

function isSilentBridge(bridge: Bridge, moment: Moment): boolean {
  const pingedAt = moment.lastPingAt(bridge.id);
  if (pingedAt === null) return false;
  return moment.now - Math.max(pingedAt, bridge.lastFrameAt ?? 0) > timing.bridgeSilentAfterMs;
}
