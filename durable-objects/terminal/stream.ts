/**
 * The stream of terminal bytes from the bridge to those who stand in it. Every live viewer gets every byte from its
 * snapshot on, once and in order; where that cannot be, it waits for a snapshot instead. Nothing is queued.
 */
import type { OutputFrame } from "../protocol/stream-frames.ts";
import { passBarrier } from "./barrier.ts";
import { grantOutput } from "./budget.ts";
import { explainPause, spend } from "./credit.ts";
import type { Turn } from "./events.ts";
import { decodeText } from "./frames.ts";
import { confirm, receiptsByAuthor } from "./receipts.ts";
import { type Room, viewers1, viewers2 } from "./room.ts";
import { makeAllWait, makeWait, makeWait2 } from "./snapshots.ts";
import { authorOf, type Viewer1, type Viewer2 } from "./viewers.ts";
import { beginAt } from "./window.ts";

/** A frame on its way: from which byte on it is new, where it ends, and its text as JSON, encoded once for all. */
interface Passing {
  frame: OutputFrame;
  expected: number;
  end: number;
  json: string;
}

/** Passes an output frame on to all who stand at or before its first byte, with the receipts it carries. */
export function passOutput(room: Room, turn: Turn, frame: OutputFrame): void {
  const shell = room.bridge?.shell;
  if (shell?.state !== "attached") return;
  const end = frame.seq + frame.bytes.length;
  const expected = room.head?.seq ?? frame.seq;
  if (frame.seq > expected) makeAllWait(room, turn);
  room.head = { epoch: shell.epoch, gen: shell.gen, seq: Math.max(end, expected) };
  const passing = { frame, expected, end, json: JSON.stringify(decodeText(frame.bytes)) };
  passTo1(room, turn, passing);
  passTo2(room, turn, passing);
}

function passTo1(room: Room, turn: Turn, { frame, expected, end, json }: Passing): void {
  const text = `{"type":"output","data":${json}}`;
  const to: string[] = [];
  for (const viewer of viewers1(room)) {
    if (viewer.standing.state !== "live") continue;
    const from = Math.max(viewer.standing.from, expected);
    if (from >= end) continue;
    if (!spend(turn, viewer, text.length)) fallBehind(turn, viewer);
    else if (from <= frame.seq) to.push(viewer.id);
    else sendText(turn, [viewer.id], `{"type":"output","data":${restOf(frame, from)}}`);
  }
  sendText(turn, to, text);
}

function passTo2(room: Room, turn: Turn, passing: Passing): void {
  const { frame, json } = passing;
  passBarrier(room, frame.receipts ?? []);
  const receipts = receiptsByAuthor(frame.receipts ?? []);
  const to: string[] = [];
  for (const viewer of viewers2(room)) {
    const i = receipts.get(authorOf(viewer));
    const from = spendOn(turn, viewer, passing);
    if (from === null) confirm(turn, viewer, i);
    else if (from === frame.seq && i === undefined) to.push(viewer.id);
    else sendText(turn, [viewer.id], outputText(from === frame.seq ? json : restOf(frame, from), from, i));
  }
  sendText(turn, to, outputText(json, frame.seq, undefined));
}

/** From which byte on a viewer gets this frame; null if not at all. One whose window is full waits from here on. */
function spendOn(turn: Turn, viewer: Viewer2, { frame, expected, end }: Passing): number | null {
  if (viewer.standing.state !== "live") return null;
  const { window } = viewer;
  beginAt(window, Math.max(frame.seq, expected));
  const from = Math.max(window.sent ?? expected, frame.seq);
  if (from >= end) return null;
  if (grantOutput(turn.budget, window, end, turn.moment)) return from;
  makeWait2(turn, viewer);
  return null;
}

function outputText(json: string, seq: number, i: number | undefined): string {
  return `{"type":"output","data":${json},"seq":${seq}${i === undefined ? "" : `,"i":${i}`}}`;
}

/** The part of a frame that one viewer has not seen, as JSON. */
function restOf(frame: OutputFrame, from: number): string {
  return JSON.stringify(decodeText(frame.bytes.subarray(from - frame.seq)));
}

function sendText(turn: Turn, to: readonly string[], frame: string): void {
  if (to.length > 0) turn.effects.push({ kind: "send", to, frame });
}

function fallBehind(turn: Turn, viewer: Viewer1): void {
  makeWait(turn, viewer, null);
  explainPause(turn, viewer);
}
