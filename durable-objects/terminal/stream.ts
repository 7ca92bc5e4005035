/**
 * The stream of terminal bytes from the bridge to those who stand in it. Every live viewer gets every byte from
 * its snapshot on, once and in order; where that cannot be, it waits for a snapshot instead.
 */
import type { OutputFrame } from "../protocol/data-socket.ts";
import { explainPause, spend } from "./credit.ts";
import type { Turn } from "./events.ts";
import { decodeText } from "./frames.ts";
import type { Room, Viewer } from "./room.ts";
import { makeAllWait, makeWait } from "./snapshots.ts";

/** Passes an output frame on, encoded once for all who stand at or before its first byte. */
export function passOutput(room: Room, turn: Turn, frame: OutputFrame): void {
  const shell = room.bridge?.shell;
  if (shell?.state !== "attached") return;
  const end = frame.seq + frame.bytes.length;
  const expected = room.head?.seq ?? frame.seq;
  if (frame.seq > expected) makeAllWait(room, turn);
  room.head = { epoch: shell.epoch, seq: Math.max(end, expected) };
  const text = JSON.stringify({ type: "output", data: decodeText(frame.bytes) });
  const to: string[] = [];
  for (const viewer of room.viewers.values()) {
    if (viewer.standing.state !== "live") continue;
    const from = Math.max(viewer.standing.from, expected);
    if (from >= end) continue;
    if (!spend(viewer, turn.moment, text.length)) fallBehind(turn, viewer);
    else if (from <= frame.seq) to.push(viewer.id);
    else passRest(turn, viewer, frame, from);
  }
  if (to.length > 0) turn.effects.push({ kind: "send", to, frame: text });
}

/** The part of a frame that one viewer has not seen. */
function passRest(turn: Turn, viewer: Viewer, frame: OutputFrame, from: number): void {
  const data = decodeText(frame.bytes.subarray(from - frame.seq));
  turn.effects.push({ kind: "send", to: [viewer.id], frame: JSON.stringify({ type: "output", data }) });
}

function fallBehind(turn: Turn, viewer: Viewer): void {
  makeWait(turn, viewer, null);
  explainPause(turn, viewer);
}
