/**
 * The data socket: one WebSocket per watched terminal from the bridge to its TerminalObject. Everything rare is JSON text,
 * which is here; terminal bytes travel as binary frames (stream-frames.ts).
 *
 * Position of a byte = (epoch, gen, seq): `epoch` names one tmux client, `gen` grows with every applied resize,
 * `seq` is the offset of the byte in the client's UTF-8 stream.
 *
 * Every message that names an `entry` or a `from` belongs to version 2 (`devpocket-bridge.2`).
 */
import { z } from "zod";
import { logMessageSchema } from "./client.ts";
import { keyModifiers, keyNames } from "./keys.ts";
import { limits } from "./timing.ts";
import { windowTabsSchema } from "./windows.ts";

const cells = z.number().int().min(limits.minTerminalCells).max(limits.maxTerminalCells);
const offset = z.number().int().nonnegative();

/** Where a byte stands. */
export const positionSchema = z.object({ epoch: z.string().max(64), gen: offset, seq: offset });
export type Position = z.infer<typeof positionSchema>;

/** Names whose input it is: the object makes it of the user's id and the client's `cid`; the bridge only compares. */
const author = z.string().min(1).max(200);
const inputNumber = z.number().int().nonnegative().max(limits.maxInputNumber);
const entry = z.number().int().positive().max(0xffff_ffff);

/** Everything of this author's up to `i` was handed to the terminal. */
export const receiptSchema = z.object({ from: author, i: inputNumber });
export type Receipt = z.infer<typeof receiptSchema>;
export const receiptsSchema = z.array(receiptSchema).max(limits.maxReceipts);

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
  /** Answers `enter`: where the terminal stands and how far the author's input has come. Followed by a `replay` frame
   * for this entry if the position it was asked with can be resumed, else by a snapshot. */
  z.object({
    type: z.literal("entered"),
    entry,
    i: inputNumber,
    ...positionSchema.shape,
    cols: cells,
    rows: cells,
  }),
  /** Receipts that no output carried within `timing.receiptAloneMs`. */
  z.object({ type: z.literal("receipts"), receipts: receiptsSchema.min(1) }),
  /** Input that was not applied because its number leaves a gap after `after`. */
  z.object({ type: z.literal("gap"), from: author, i: inputNumber, after: inputNumber }),
  /** Input that may or may not have reached the shell. */
  z.object({ type: z.literal("uncertain"), from: author, first: inputNumber, last: inputNumber }),
  /** Answers `history`: oldest line first, at most `limits.maxBridgeFrameBytes` together. */
  z.object({
    type: z.literal("history"),
    entry,
    before: offset,
    lines: z.array(z.string()).max(limits.maxHistoryLines),
    more: z.boolean(),
  }),
  /** Answers `windows`, and comes again whenever they have changed: all of the environment's, in their order. */
  z.object({ type: z.literal("windows"), windows: windowTabsSchema }),
  /** The window that this terminal is pinned to was closed, or never was. */
  z.object({ type: z.literal("gone") }),
  /** What happened since the last such message. With `replay` it is a part of the log so far, which answers `snapshot`
   * and goes only to viewers that wait for it: parts follow each other with nothing between them. */
  z.object({
    type: z.literal("logs"),
    messages: z.array(logMessageSchema).max(limits.maxLogMessages),
    replay: z.object({ begins: z.boolean(), ends: z.boolean() }).optional(),
  }),
]);
export type DataMessage = z.infer<typeof dataMessageSchema>;

/** Object to bridge, as text. */
export const terminalMessageSchema = z.discriminatedUnion("type", [
  /** Without `from` and `i` (version 1) it is applied as it comes; with them once, in order, and receipted. */
  z.object({ type: z.literal("input"), data: z.string(), from: author.optional(), i: inputNumber.optional() }),
  z.object({
    type: z.literal("paste"),
    from: author,
    i: inputNumber,
    id: z.string().max(64),
    data: z.string(),
    last: z.boolean(),
  }),
  z.object({
    type: z.literal("key"),
    from: author,
    i: inputNumber,
    name: z.enum(keyNames),
    mods: z.array(z.enum(keyModifiers)).optional(),
  }),
  /** A viewer of version 2 comes, or this data socket is new to it. `at` is how far it has seen; what it lacks is worth
   * sending if it is no more than `max_bytes`. */
  z.object({
    type: z.literal("enter"),
    entry,
    from: author,
    at: positionSchema.optional(),
    max_bytes: offset,
  }),
  /** This author was sent away and does not come back: a paste of theirs is over. */
  z.object({ type: z.literal("left"), from: author }),
  /** Output may be sent up to this offset; beyond it the PTY is not read. null: nobody acknowledges, pace yourself. */
  z.object({ type: z.literal("credit"), until: offset.nullable() }),
  z.object({
    type: z.literal("history"),
    entry,
    before: offset,
    lines: z.number().int().min(1).max(limits.maxHistoryLines),
  }),
  /** Asks for the environment's windows, and for every change of them on this socket. */
  z.object({ type: z.literal("windows") }),
  /** The size the object has decided on; the bridge debounces and applies it. */
  z.object({ type: z.literal("resize"), cols: cells, rows: cells, alone: z.boolean() }),
  /** Nobody who watches has a say in the size any more: it stays, but does not hold back other terminals of its window. */
  z.object({ type: z.literal("unsized") }),
  /** Asks for a snapshot no sooner than in `after_ms` milliseconds (0 when left out); the object has no timers. One
   * snapshot answers every question that is due; asked while detached, the one that follows `attached` does. Its
   * `seq` is the offset of the next output frame on this socket: what is still unsent goes first. */
  z.object({ type: z.literal("snapshot"), after_ms: z.number().int().min(0).max(60_000).optional() }),
]);
export type TerminalMessage = z.infer<typeof terminalMessageSchema>;
