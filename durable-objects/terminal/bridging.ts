/** What the bridge's data socket does: comes, says where it stands, brings bytes and words, goes. */
import { type DataMessage, decodeStreamFrame } from "../protocol/data-socket.ts";
import { limits } from "../protocol/timing.ts";
import type { BridgeArrival, Turn } from "./events.ts";
import { isTooLong, parseBridgeText } from "./frames.ts";
import { refuseHeldInput, releaseInput } from "./holding.ts";
import { removeBridge } from "./leaving.ts";
import { passLogs } from "./logs.ts";
import type { Bridge, Room, Size } from "./room.ts";
import { keepBridge, send } from "./send.ts";
import { applySize, askForSize, isSameSize } from "./sizing.ts";
import { makeAllWait, takeSnapshot } from "./snapshots.ts";
import { passOutput } from "./stream.ts";

const maxMessageCharacters = 500;

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
  room.bridge = { ...arrival, role: "bridge", shell: { state: "silent" }, asked: null, told: null, lastFrameAt: null };
  room.isUnlinked = false;
  keepBridge(turn, room.bridge);
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
  if (frame === null || frame.kind === "replay") return false;
  const maxBytes = frame.kind === "output" ? limits.maxOutputFrameBytes : limits.maxSnapshotBytes;
  if (isTooLong(data, maxBytes + (data.byteLength - frame.bytes.length))) return false;
  if (frame.kind === "output") passOutput(room, turn, frame);
  else takeSnapshot(room, turn, frame);
  return true;
}

function takeText(room: Room, turn: Turn, bridge: Bridge, text: string): boolean {
  const message = parseBridgeText(text);
  if (message !== null) takeMessage(room, turn, bridge, message);
  return message !== null;
}

function takeMessage(room: Room, turn: Turn, bridge: Bridge, message: DataMessage): void {
  const viewers = [...room.viewers.keys()];
  switch (message.type) {
    case "hello":
      greet(room, turn, bridge, message);
      return;
    case "attached":
      attachShell(room, turn, bridge, message);
      return;
    case "detached":
      bridge.shell = { state: "detached", message: message.message.slice(0, maxMessageCharacters) };
      keepBridge(turn, bridge);
      makeAllWait(room, turn);
      refuseHeldInput(room, turn, "not_running", bridge.shell.message);
      return;
    case "size":
      applySize(room, turn, bridge, { cols: message.cols, rows: message.rows });
      return;
    case "info":
      send(turn, viewers, { type: "info", message: message.message });
      return;
    case "logs":
      passLogs(room, turn, bridge, message);
      return;
  }
}

/** Live viewers go on only if the bridge stands exactly where they do; otherwise they wait for a snapshot. */
function greet(room: Room, turn: Turn, bridge: Bridge, hello: { epoch: string; seq: number } & Size): void {
  const isSamePlace = room.head !== null && room.head.epoch === hello.epoch && room.head.seq === hello.seq;
  if (!isSamePlace) makeAllWait(room, turn);
  settle(room, turn, bridge, hello);
  if (isSamePlace) releaseInput(room, turn, bridge);
}

/** A new tmux client: nothing of before is valid, and its snapshot follows unasked. */
function attachShell(room: Room, turn: Turn, bridge: Bridge, attached: { epoch: string; seq: number } & Size): void {
  const { now } = turn.moment;
  makeAllWait(room, turn);
  room.snapshotAsk = { askedAt: now, dueAt: now, isRetry: false };
  settle(room, turn, bridge, attached);
}

function settle(room: Room, turn: Turn, bridge: Bridge, at: { epoch: string; seq: number } & Size): void {
  const size = { cols: at.cols, rows: at.rows };
  room.head = { epoch: at.epoch, seq: at.seq };
  bridge.shell = { state: "attached", epoch: at.epoch.slice(0, 64), size };
  if (!isSameSize(bridge.asked, size)) bridge.asked = null;
  askForSize(room, turn);
  keepBridge(turn, bridge);
  applySize(room, turn, bridge, size);
}
