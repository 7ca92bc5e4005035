/**
 * The heart of a terminal: one event in, the room changed, effects out. It knows no socket, no clock and no
 * storage; the platform shell carries the effects out in order.
 */
import { attachBridge, takeBridgeFrame } from "./bridging.ts";
import { budgetOf, shareOut } from "./budget.ts";
import { learnControl, takeControlAnswer } from "./control.ts";
import { creditSigns } from "./credit.ts";
import { grantCredit } from "./crediting.ts";
import { tellCrowd } from "./crowd.ts";
import type { Effect, Moment, RoomEvent, Turn } from "./events.ts";
import { notConnected, refuseHeldInput } from "./holding.ts";
import { removeBridge, removeViewer, sweep } from "./leaving.ts";
import { tellParticipants } from "./participants.ts";
import { agePolicy } from "./policy.ts";
import { audience, type Room, viewers1, viewers2 } from "./room.ts";
import { send } from "./send.ts";
import { askForSize } from "./sizing.ts";
import { askForThoseWhoWait } from "./snapshots.ts";
import { tellStatus } from "./status.ts";
import { catchUpTabs } from "./tabs.ts";
import { isGreeted } from "./viewers.ts";
import { joinViewer, takeViewerFrame } from "./viewing.ts";
import { takeViewer2Frame } from "./viewing-2.ts";

/** How often a terminal without a bridge says again that it is wanted, if anything happens at all. */
const wantAgainMs = 10_000;
/** How long the end of a socket that has not arrived yet is remembered. */
const rememberEndMs = 30_000;

/** Changes `room` by `event` and returns what is to be done, in order. */
export function handle(room: Room, event: RoomEvent, moment: Moment): Effect[] {
  const turn: Turn = { moment, effects: [], budget: budgetOf(room) };
  noteLife(room, event, moment.now);
  creditSigns(room, turn);
  shareOut(turn.budget, viewers2(room));
  // Who has left is gone before anybody is told of what is over.
  if (event.kind !== "viewer_left") sweep(room, turn);
  take(room, turn, event);
  if (event.kind === "viewer_left") sweep(room, turn);
  if (agePolicy(room, turn)) askForSize(room, turn);
  askForThoseWhoWait(room, turn);
  catchUpTabs(room, turn);
  grantCredit(room, turn);
  wantBridge(room, turn);
  tellCrowd(room, turn);
  tellParticipants(room, turn);
  return turn.effects;
}

/** Who has just sent something is not silent, however long it was. */
function noteLife(room: Room, event: RoomEvent, now: number): void {
  if (event.kind === "bridge_frame" && room.bridge?.id === event.id) room.bridge.lastFrameAt = now;
  const viewer = event.kind === "viewer_frame" ? room.viewers.get(event.id) : undefined;
  if (viewer !== undefined) viewer.lastFrameAt = now;
}

function take(room: Room, turn: Turn, event: RoomEvent): void {
  switch (event.kind) {
    case "viewer_joined":
      joinViewer(room, turn, event.arrival);
      return;
    case "viewer_frame":
    case "viewer_left":
      takeFromViewer(room, turn, event);
      return;
    case "socket_gone":
      room.closing.delete(event.id);
      return;
    case "bridge_attached":
      attachBridge(room, turn, event.bridge);
      return;
    case "bridge_frame":
      if (room.bridge?.id === event.id) takeBridgeFrame(room, turn, room.bridge, event.data);
      return;
    case "bridge_left":
      if (room.bridge?.id === event.id) removeBridge(room, turn, null);
      return;
    case "wanted":
      room.isUnlinked = !event.isLinked;
      if (room.isUnlinked) waitForCluster(room, turn);
      return;
    case "looked_at":
      return;
    case "controlled":
      learnControl(room, turn, event.control);
      return;
    case "control_answered":
      takeControlAnswer(room, turn, event);
      return;
    case "announce":
      send(turn, event.to === "all" ? audience(room) : here(room, event.to), event.message);
      return;
    case "end":
      end(room, turn, event);
      return;
    case "revoke":
      if (room.bridge?.tokenId === event.tokenId) removeBridge(room, turn, "bridgeRevoked");
      return;
  }
}

function waitForCluster(room: Room, turn: Turn): void {
  const to = viewers1(room).map((viewer) => viewer.id);
  send(turn, to, { type: "info", message: "Waiting for the cluster" });
  tellStatus(room, turn);
  refuseHeldInput(room, turn, "bridge_unavailable", notConnected);
}

function takeFromViewer(
  room: Room,
  turn: Turn,
  event: Extract<RoomEvent, { kind: "viewer_frame" | "viewer_left" }>,
): void {
  const viewer = room.viewers.get(event.id);
  if (viewer === undefined) return;
  if (event.kind === "viewer_left") removeViewer(room, turn, viewer, null);
  else if (viewer.version === 1) takeViewerFrame(room, turn, viewer, event.data);
  else takeViewer2Frame(room, turn, viewer, event.data);
}

function here(room: Room, ids: readonly string[]): string[] {
  return ids.filter((id) => {
    const viewer = room.viewers.get(id);
    return viewer !== undefined && isGreeted(viewer);
  });
}

function end(room: Room, turn: Turn, event: Extract<RoomEvent, { kind: "end" }>): void {
  const ids = event.which === "all" ? [...room.viewers.keys()] : event.which;
  for (const id of ids) {
    const viewer = room.viewers.get(id);
    if (viewer !== undefined) removeViewer(room, turn, viewer, event.close);
    else room.ended.set(id, { until: turn.moment.now + rememberEndMs, close: event.close });
  }
}

function wantBridge(room: Room, turn: Turn): void {
  const { now } = turn.moment;
  const [viewer] = room.viewers.values();
  if (viewer === undefined || room.bridge !== null) return;
  if (room.isWanted && now - room.wantedAt < wantAgainMs) return;
  turn.effects.push({ kind: "want", clusterId: viewer.clusterId, isRepeated: room.isWanted });
  room.isWanted = true;
  room.wantedAt = now;
}
