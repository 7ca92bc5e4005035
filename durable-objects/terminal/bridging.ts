/** What the bridge's data socket does: comes, says where it stands, brings bytes and words, goes. */
import type { DataMessage, Position } from "../protocol/data-socket.ts";
import { decodeStreamFrame } from "../protocol/stream-frames.ts";
import { limits } from "../protocol/timing.ts";
import { liftBarrier, raiseDueBarrier } from "./barrier.ts";
import { type Bridge, type BridgeArrival, newBridge } from "./bridge.ts";
import { learnControl } from "./control.ts";
import { withdrawCredit } from "./crediting.ts";
import { enterAll, takeEntered, takeReplay } from "./entering.ts";
import type { Turn } from "./events.ts";
import { parseBridgeText } from "./frames.ts";
import { refuseHeldInput, releaseInput } from "./holding.ts";
import { removeBridge } from "./leaving.ts";
import { passLogs } from "./logs.ts";
import { keepPlaces, losePlaces } from "./places.ts";
import { passGap, passHistory, passReceipts, passUncertain } from "./receipts.ts";
import { audience, type Room } from "./room.ts";
import { keepBridge, send } from "./send.ts";
import { applySize, askForSize, isSameSize } from "./sizing.ts";
import { makeAllWait, takeSnapshot } from "./snapshots.ts";
import { tellStatus } from "./status.ts";
import { passOutput } from "./stream.ts";
import { endWithWindow, passTabs } from "./tabs.ts";
import type { Size } from "./viewers.ts";

const maxMessageCharacters = 500;

const maxBytes = {
  output: limits.maxOutputFrameBytes,
  snapshot: limits.maxSnapshotBytes,
  replay: limits.windowBytes,
} as const;

/** A bridge whose assignment was verified. Of two the higher one stays; of equals the later one. */
export function attachBridge(room: Room, turn: Turn, arrival: BridgeArrival): void {
  if (room.viewers.size === 0) {
    turn.effects.push({ kind: "close_bridge", id: arrival.id, close: "unwanted" });
    turn.effects.push({ kind: "unwant", clusterId: arrival.clusterId });
    return;
  }
  if (room.bridge !== null && room.bridge.assignment > arrival.assignment) {
    turn.effects.push({ kind: "close_bridge", id: arrival.id, close: "superseded" });
    return;
  }
  removeBridge(room, turn, "superseded");
  const control = arrival.control.version > room.control.version ? arrival.control : room.control;
  room.bridge = newBridge({ ...arrival, control });
  room.isUnlinked = false;
  keepBridge(turn, room.bridge);
  learnControl(room, turn, arrival.control);
}

/** Held input goes on when the frame after hello shows that there is a shell: right after hello nobody knows. */
export function takeBridgeFrame(room: Room, turn: Turn, bridge: Bridge, data: string | ArrayBuffer): void {
  const wasAttached = bridge.shell.state === "attached";
  const isTaken = typeof data === "string" ? takeText(room, turn, bridge, data) : takeBytes(room, turn, data);
  if (!isTaken) removeBridge(room, turn, "badFrame");
  else if (wasAttached && bridge.shell.state === "attached") releaseInput(room, turn, bridge);
}

function takeBytes(room: Room, turn: Turn, data: ArrayBuffer): boolean {
  const frame = decodeStreamFrame(data);
  if (frame === null || frame.bytes.length > maxBytes[frame.kind]) return false;
  if (frame.kind === "snapshot") return takeSnapshot(room, turn, frame);
  if (frame.kind === "output") passOutput(room, turn, frame);
  else takeReplay(room, turn, frame);
  return true;
}

function takeText(room: Room, turn: Turn, bridge: Bridge, text: string): boolean {
  const message = parseBridgeText(text);
  if (message !== null) takeMessage(room, turn, bridge, message);
  return message !== null;
}

function takeMessage(room: Room, turn: Turn, bridge: Bridge, message: DataMessage): void {
  switch (message.type) {
    case "hello":
      greet(room, turn, bridge, message);
      return;
    case "attached":
      attachShell(room, turn, bridge, message);
      return;
    case "detached":
      detachShell(room, turn, bridge, message.message.slice(0, maxMessageCharacters));
      return;
    case "size":
      applySize(room, turn, bridge, message, message.gen);
      return;
    case "info":
      send(turn, audience(room), { type: "info", message: message.message });
      return;
    case "logs":
      passLogs(room, turn, bridge, message);
      return;
    default:
      takeMessage2(room, turn, bridge, message);
  }
}

/** What a bridge says only of clients of version 2. */
function takeMessage2(
  room: Room,
  turn: Turn,
  bridge: Bridge,
  message: Extract<
    DataMessage,
    { type: "entered" | "receipts" | "gap" | "uncertain" | "history" | "windows" | "gone" }
  >,
): void {
  switch (message.type) {
    case "entered":
      takeEntered(room, turn, bridge, message);
      return;
    case "receipts":
      passReceipts(room, turn, message.receipts);
      return;
    case "gap":
      passGap(room, turn, message);
      return;
    case "uncertain":
      passUncertain(room, turn, message);
      return;
    case "history":
      passHistory(room, turn, message);
      return;
    case "windows":
      passTabs(room, turn, message.windows);
      return;
    case "gone":
      endWithWindow(room, turn);
      return;
  }
}

/** Live viewers of version 1 go on only if the bridge stands exactly where they do; otherwise they wait for a snapshot. */
function greet(room: Room, turn: Turn, bridge: Bridge, hello: Stand & { ledger: string }): void {
  const isSamePlace = room.head !== null && room.head.epoch === hello.epoch && room.head.seq === hello.seq;
  keepPlaces(room, turn);
  if (!isSamePlace) makeAllWait(room, turn);
  bridge.ledger = hello.ledger.slice(0, 64);
  settle(room, turn, bridge, hello);
  raiseDueBarrier(room, turn);
  if (isSamePlace) releaseInput(room, turn, bridge);
}

/** A new tmux client: nothing of before is valid, and its snapshot follows unasked. */
function attachShell(room: Room, turn: Turn, bridge: Bridge, attached: Stand): void {
  const { now } = turn.moment;
  liftBarrier(room);
  losePlaces(room, turn);
  withdrawCredit(turn, bridge);
  makeAllWait(room, turn);
  room.snapshotAsk = { askedAt: now, dueAt: now, isRetry: false };
  settle(room, turn, bridge, attached);
}

/** The bridge keeps what it is asked until there is a shell again. */
function detachShell(room: Room, turn: Turn, bridge: Bridge, message: string): void {
  bridge.shell = { state: "detached", message };
  keepBridge(turn, bridge);
  liftBarrier(room);
  losePlaces(room, turn);
  makeAllWait(room, turn);
  refuseHeldInput(room, turn, "not_running", message);
  tellStatus(room, turn);
  enterAll(room, turn, bridge);
}

/** Where a bridge says it stands. */
type Stand = Position & Size;

function settle(room: Room, turn: Turn, bridge: Bridge, { epoch, gen, seq, cols, rows }: Stand): void {
  const size = { cols, rows };
  room.head = { epoch, gen, seq };
  bridge.shell = { state: "attached", epoch: epoch.slice(0, 64), gen, size };
  if (!isSameSize(bridge.asked, size)) bridge.asked = null;
  askForSize(room, turn);
  keepBridge(turn, bridge);
  applySize(room, turn, bridge, size, gen);
  tellStatus(room, turn);
  enterAll(room, turn, bridge);
}
