/**
 * The binary frames of a data socket: terminal bytes with their place in the stream (data-socket.ts). They end on UTF-8
 * character boundaries; offsets are at most 2^53 - 1.
 *
 *   output    0x01 | gen u32 | seq u64 |                             bytes   (big endian, header 13 bytes)
 *   snapshot  0x02 | gen u32 | seq u64 | cols u16 | rows u16       | bytes   (header 17 bytes)
 *   receipted 0x03 | gen u32 | seq u64 | length u16 | receipts     | bytes   (output that carries receipts, as JSON)
 *   replay    0x04 | gen u32 | seq u64 | entry u32                 | bytes   (header 17 bytes)
 *
 * The last two belong to version 2 (`devpocket-bridge.2`).
 */
import { type Receipt, receiptsSchema } from "./data-socket.ts";
import { limits } from "./timing.ts";

export interface OutputFrame {
  kind: "output";
  gen: number;
  seq: number;
  bytes: Uint8Array;
  /** Only where there are some. */
  receipts?: Receipt[];
}

export interface SnapshotFrame {
  kind: "snapshot";
  gen: number;
  seq: number;
  cols: number;
  rows: number;
  bytes: Uint8Array;
}

/** What one entry lacks, from the offset it was asked with up to the next output frame's. May be empty. */
export interface ReplayFrame {
  kind: "replay";
  gen: number;
  seq: number;
  entry: number;
  bytes: Uint8Array;
}

export type StreamFrame = OutputFrame | SnapshotFrame | ReplayFrame;

const tags = { output: 0x01, snapshot: 0x02, receipted: 0x03, replay: 0x04 } as const;
/** Tag, gen, seq. */
const positionBytes = 13;

/** Writes a stream frame; the mirror image of `decodeStreamFrame`. */
export function encodeStreamFrame(frame: StreamFrame): Uint8Array<ArrayBuffer> {
  const receipts = receiptsOf(frame);
  const extraBytes = frame.kind === "output" ? (receipts === null ? 0 : 2 + receipts.length) : 4;
  const out = new Uint8Array(positionBytes + extraBytes + frame.bytes.length);
  const view = new DataView(out.buffer);
  view.setUint8(0, receipts === null ? tags[frame.kind] : tags.receipted);
  view.setUint32(1, frame.gen);
  view.setBigUint64(5, BigInt(frame.seq));
  if (frame.kind === "replay") view.setUint32(positionBytes, frame.entry);
  if (frame.kind === "snapshot") {
    view.setUint16(positionBytes, frame.cols);
    view.setUint16(positionBytes + 2, frame.rows);
  }
  if (receipts !== null) {
    view.setUint16(positionBytes, receipts.length);
    out.set(receipts, positionBytes + 2);
  }
  out.set(frame.bytes, positionBytes + extraBytes);
  return out;
}

function receiptsOf(frame: StreamFrame): Uint8Array | null {
  if (frame.kind !== "output" || frame.receipts === undefined || frame.receipts.length === 0) return null;
  return new TextEncoder().encode(JSON.stringify(frame.receipts));
}

/** Reads a stream frame; null for anything that is not one (unknown tag, short header, receipts that are none, an offset
 * or a size that cannot be). */
export function decodeStreamFrame(data: ArrayBuffer): StreamFrame | null {
  const frame = readStreamFrame(new DataView(data));
  return frame !== null && isPossible(frame) ? frame : null;
}

function readStreamFrame(view: DataView<ArrayBuffer>): StreamFrame | null {
  if (view.byteLength < positionBytes) return null;
  const tag = view.getUint8(0);
  const place = { gen: view.getUint32(1), seq: Number(view.getBigUint64(5)) };
  if (tag === tags.output) return { kind: "output", ...place, bytes: new Uint8Array(view.buffer, positionBytes) };
  if (tag === tags.receipted) return decodeReceipted(view, place);
  if (view.byteLength < positionBytes + 4) return null;
  const bytes = new Uint8Array(view.buffer, positionBytes + 4);
  if (tag === tags.replay) return { kind: "replay", ...place, entry: view.getUint32(positionBytes), bytes };
  if (tag !== tags.snapshot) return null;
  const size = { cols: view.getUint16(positionBytes), rows: view.getUint16(positionBytes + 2) };
  return { kind: "snapshot", ...place, ...size, bytes };
}

/** Its end is an offset that JSON carries, and a snapshot has a size as everything has. */
function isPossible(frame: StreamFrame): boolean {
  const isOffset = Number.isSafeInteger(frame.seq + frame.bytes.length);
  return isOffset && (frame.kind !== "snapshot" || (isCells(frame.cols) && isCells(frame.rows)));
}

function isCells(count: number): boolean {
  return count >= limits.minTerminalCells && count <= limits.maxTerminalCells;
}

function decodeReceipted(view: DataView<ArrayBuffer>, place: { gen: number; seq: number }): OutputFrame | null {
  if (view.byteLength < positionBytes + 2) return null;
  const end = positionBytes + 2 + view.getUint16(positionBytes);
  if (view.byteLength < end) return null;
  const receipts = parseReceipts(new Uint8Array(view.buffer, positionBytes + 2, end - positionBytes - 2));
  return receipts === null ? null : { kind: "output", ...place, bytes: new Uint8Array(view.buffer, end), receipts };
}

function parseReceipts(bytes: Uint8Array): Receipt[] | null {
  try {
    return receiptsSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data ?? null;
  } catch {
    return null; // not JSON
  }
}
