/**
 * The data socket: one WebSocket per watched terminal from the bridge to its TerminalObject. Terminal bytes
 * travel as binary frames that end on UTF-8 character boundaries; everything rare is JSON text.
 *
 * Position of a byte = (epoch, gen, seq): `epoch` names one tmux client, `gen` grows with every applied resize,
 * `seq` is the offset of the byte in the client's UTF-8 stream.
 *
 *   output    0x01 | gen u32 | seq u64 |                       bytes   (big endian, header 13 bytes)
 *   snapshot  0x02 | gen u32 | seq u64 | cols u16 | rows u16 | bytes   (header 17 bytes)
 */
import { z } from "zod";
import { logMessageSchema } from "./client.ts";
import { limits } from "./timing.ts";

const cells = z.number().int().min(limits.minTerminalCells).max(limits.maxTerminalCells);
const offset = z.number().int().nonnegative();

/** Bridge to object, as text. Besides these the bridge sends `pingText` every `timing.bridgePingEveryMs` on both its
 * sockets; the platform answers `pongText` without waking the object, and its silence is how a dead one is noticed. */
export const dataMessageSchema = z.discriminatedUnion("type", [
  /** First frame of the socket; `seq` is the offset of the next byte. `ledger` names the memory of input. */
  z.object({
    type: z.literal("hello"),
    epoch: z.string(),
    gen: offset,
    seq: offset,
    cols: cells,
    rows: cells,
    ledger: z.string(),
  }),
  /** A resize was applied; offsets of earlier generations are no longer resumable. */
  z.object({ type: z.literal("size"), cols: cells, rows: cells, gen: offset }),
  /** The tmux client was attached anew: a new epoch. Followed by a snapshot. */
  z.object({ type: z.literal("attached"), epoch: z.string(), gen: offset, seq: offset, cols: cells, rows: cells }),
  /** The environment has no shell now; the screen comes when it runs again. Told to who types, not to all. */
  z.object({ type: z.literal("detached"), message: z.string() }),
  z.object({ type: z.literal("info"), message: z.string() }),
  /** What happened since the last such message. With `replay` it is a part of the log so far, which answers `snapshot`
   * and goes only to viewers that wait for it: parts follow each other with nothing between them. */
  z.object({
    type: z.literal("logs"),
    messages: z.array(logMessageSchema).max(500),
    replay: z.object({ begins: z.boolean(), ends: z.boolean() }).optional(),
  }),
]);
export type DataMessage = z.infer<typeof dataMessageSchema>;

/** Object to bridge, as text. */
export const terminalMessageSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("input"), data: z.string() }),
  /** The size the object has decided on; the bridge debounces and applies it. */
  z.object({ type: z.literal("resize"), cols: cells, rows: cells, alone: z.boolean() }),
  /** Asks for a snapshot no sooner than in `after_ms` milliseconds (0 when left out); the object has no timers. One
   * snapshot answers every question that is due; asked while detached, the one that follows `attached` does. Its
   * `seq` is the offset of the next output frame on this socket: what is still unsent goes first. */
  z.object({ type: z.literal("snapshot"), after_ms: z.number().int().min(0).max(60_000).optional() }),
]);
export type TerminalMessage = z.infer<typeof terminalMessageSchema>;

export interface OutputFrame {
  kind: "output";
  gen: number;
  seq: number;
  bytes: Uint8Array;
}

export interface SnapshotFrame {
  kind: "snapshot";
  gen: number;
  seq: number;
  cols: number;
  rows: number;
  bytes: Uint8Array;
}

export type StreamFrame = OutputFrame | SnapshotFrame;

const outputTag = 0x01;
const snapshotTag = 0x02;
const outputHeaderBytes = 13;
const snapshotHeaderBytes = 17;

/** Writes a stream frame; the mirror image of `decodeStreamFrame`. */
export function encodeStreamFrame(frame: StreamFrame): Uint8Array<ArrayBuffer> {
  const headerBytes = frame.kind === "output" ? outputHeaderBytes : snapshotHeaderBytes;
  const out = new Uint8Array(headerBytes + frame.bytes.length);
  const view = new DataView(out.buffer);
  view.setUint8(0, frame.kind === "output" ? outputTag : snapshotTag);
  view.setUint32(1, frame.gen);
  view.setBigUint64(5, BigInt(frame.seq));
  if (frame.kind === "snapshot") {
    view.setUint16(13, frame.cols);
    view.setUint16(15, frame.rows);
  }
  out.set(frame.bytes, headerBytes);
  return out;
}

/** Reads a stream frame; null for anything that is not one (unknown tag, short header). */
export function decodeStreamFrame(data: ArrayBuffer): StreamFrame | null {
  const view = new DataView(data);
  if (view.byteLength < outputHeaderBytes) return null;
  const tag = view.getUint8(0);
  const gen = view.getUint32(1);
  const seq = Number(view.getBigUint64(5));
  if (tag === outputTag) return { kind: "output", gen, seq, bytes: new Uint8Array(data, outputHeaderBytes) };
  if (tag !== snapshotTag || view.byteLength < snapshotHeaderBytes) return null;
  const size = { cols: view.getUint16(13), rows: view.getUint16(15) };
  return { kind: "snapshot", gen, seq, ...size, bytes: new Uint8Array(data, snapshotHeaderBytes) };
}
