/** What a viewer of version 1 does: joins, types, says its size, pings, and is held to its limits. */
import { type ClientMessage, harmlessOutput, pongText } from "../protocol/client.ts";
import { limits } from "../protocol/timing.ts";
import { fill } from "./bucket.ts";
import type { Arrival, Turn } from "./events.ts";
import { isTooLong, parseClientFrame } from "./frames.ts";
import { holdInput, notConnected } from "./holding.ts";
import { removeViewer } from "./leaving.ts";
import { type Room, restoreViewer, type Viewer } from "./room.ts";
import { keepViewer, refuse, send, tellBridge } from "./send.ts";
import { changeViewerSize } from "./sizing.ts";

/** The greeting is sent at once; the screen follows when the bridge's snapshot comes. */
export function joinViewer(room: Room, turn: Turn, arrival: Arrival): void {
  const { id, userId } = arrival.viewer;
  const ended = room.ended.get(id);
  if (ended !== undefined) {
    turn.effects.push({ kind: "close_viewer", id, close: ended.close }, { kind: "release", userId, id });
    return;
  }
  const viewer = restoreViewer({
    ...arrival.viewer,
    role: "viewer",
    joinedAt: turn.moment.now,
    standing: { state: "waiting", seen: null },
    size: null,
    told: null,
    held: null,
  });
  room.viewers.set(id, viewer);
  keepViewer(turn, viewer);
  if (viewer.kind === "terminal") send(turn, [id], harmlessOutput);
  for (const message of arrival.greeting) send(turn, [id], message);
}

export function takeViewerFrame(room: Room, turn: Turn, viewer: Viewer, data: string | ArrayBuffer): void {
  const { now } = turn.moment;
  if (isTooLong(data, limits.maxClientFrameBytes)) {
    removeViewer(room, turn, viewer, "frameTooLarge");
    return;
  }
  if (!isWithinRate(viewer, now, typeof data === "string" ? data.length : data.byteLength)) {
    refuseForRate(room, turn, viewer);
    return;
  }
  const message = parseClientFrame(data);
  if (message === null) {
    refuse(turn, viewer, "bad_frame", "Failed to process message");
    return;
  }
  takeMessage(room, turn, viewer, message);
}

function isWithinRate(viewer: Viewer, now: number, characters: number): boolean {
  const frames = fill(viewer.frames, now, limits.clientFramesPerSecond, limits.clientFrameBurst);
  const bytes = fill(viewer.bytes, now, limits.clientInputBytesPerSecond, limits.clientInputBurstBytes);
  if (frames.tokens === limits.clientFrameBurst) viewer.refusedFrames = 0;
  const isWithin = frames.tokens >= 1 && bytes.tokens >= characters;
  if (isWithin) {
    frames.tokens -= 1;
    bytes.tokens -= characters;
  }
  viewer.frames = frames;
  viewer.bytes = bytes;
  return isWithin;
}

function refuseForRate(room: Room, turn: Turn, viewer: Viewer): void {
  viewer.refusedFrames += 1;
  if (viewer.refusedFrames > limits.maxRefusedFrames) {
    removeViewer(room, turn, viewer, "floodingFrames");
    return;
  }
  refuse(turn, viewer, "rate_limited", "Too many messages; this one was not applied");
}

function takeMessage(room: Room, turn: Turn, viewer: Viewer, message: ClientMessage): void {
  switch (message.type) {
    case "ping":
      viewer.hasPingedByFrame = true;
      turn.effects.push({ kind: "send", to: [viewer.id], frame: pongText });
      return;
    case "resize":
      if (viewer.kind === "terminal") {
        changeViewerSize(room, turn, viewer, { cols: message.cols, rows: message.rows });
      }
      return;
    case "input":
      takeInput(room, turn, viewer, message.data);
      return;
  }
}

/** Passes input on, lone surrogates replaced, or holds it, or says that it was not sent: it is never lost in silence. */
function takeInput(room: Room, turn: Turn, viewer: Viewer, data: string): void {
  if (viewer.kind === "logs") {
    refuse(turn, viewer, "read_only", "This socket takes no input");
    return;
  }
  const { bridge } = room;
  if (room.isUnlinked) {
    refuse(turn, viewer, "bridge_unavailable", notConnected);
    return;
  }
  if (bridge === null || bridge.shell.state === "silent" || viewer.held !== null) {
    holdInput(room, turn, viewer, data.toWellFormed());
    return;
  }
  if (bridge.shell.state === "detached") {
    refuse(turn, viewer, "not_running", bridge.shell.message);
    return;
  }
  tellBridge(turn, bridge, { type: "input", data: data.toWellFormed() });
}
