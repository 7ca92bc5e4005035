/**
 * Version 2 of the client protocol (`Sec-WebSocket-Protocol: devpocket.v2`, or `?v=2`): output that is acknowledged and
 * resumed where that is provable, input that is applied exactly once. JSON text frames, parsed here and nowhere else.
 */
import { z } from "zod";
import type { ClientErrorCode, StatusUpdate, WelcomeEnvironment } from "./client.ts";
import { positionSchema } from "./data-socket.ts";
import { keyModifiers, keyNames } from "./keys.ts";
import { limits } from "./timing.ts";
import type { Role } from "./vocabulary.ts";
import type { WindowTab } from "./windows.ts";

export { clientProtocol, clientProtocol2 } from "./client.ts";

const cells = z.number().int().min(limits.minTerminalCells).max(limits.maxTerminalCells);
const offset = z.number().int().nonnegative();
/** Counts a client's input, paste parts and keys: 1, 2, 3, … for as long as it keeps its `cid`. */
const inputNumber = z.number().int().positive().max(limits.maxInputNumber);

export const clientMessage2Schema = z.discriminatedUnion("type", [
  /** First; nothing is sent before it. `position` is how far the client has seen, `ledger` the memory of input it knew. */
  z.object({
    type: z.literal("hello"),
    /** Made up by the client, kept over reconnects: names its input beside its user's id. */
    cid: z.string().regex(/^[A-Za-z0-9_-]{8,64}$/),
    cols: cells,
    rows: cells,
    visible: z.boolean(),
    position: positionSchema.optional(),
    ledger: z.string().max(64).optional(),
    /** The mark of the windows it was told last. */
    windows: z.string().max(32).optional(),
  }),
  /** Keystrokes as a terminal sends them. `a` acknowledges output as `ack` does. */
  z.object({ type: z.literal("input"), data: z.string(), i: inputNumber, a: offset.optional() }),
  /** A part of a paste: the bracket opens at the first part and closes at the `last`, or after 5 s without one. */
  z.object({
    type: z.literal("paste"),
    i: inputNumber,
    id: z.string().min(1).max(64),
    data: z.string().max(limits.maxPastePartBytes),
    last: z.boolean(),
  }),
  z.object({
    type: z.literal("key"),
    i: inputNumber,
    name: z.enum(keyNames),
    mods: z.array(z.enum(keyModifiers)).max(keyModifiers.length).optional(),
  }),
  /** Everything before this offset was drawn: every 16 KiB, and after 250 ms if at least 4 KiB are open. */
  z.object({ type: z.literal("ack"), seq: offset }),
  z.object({ type: z.literal("resize"), cols: cells, rows: cells, visible: z.boolean().optional() }),
  /** Lines above the screen, the newest first to be asked for: `before` counts lines from the top of the screen up. */
  z.object({
    type: z.literal("history"),
    before: offset.optional(),
    lines: z.number().int().min(1).max(limits.maxHistoryLines),
  }),
  /** To be the only one who types in the whole environment, or no longer. */
  z.object({ type: z.literal("control"), action: z.enum(["take", "release"]) }),
  /** Whose size the terminal has: for its owner to choose. A `fixed` one is named. */
  z.object({
    type: z.literal("policy"),
    kind: z.enum(["smallest", "latest", "owner", "fixed"]),
    cols: cells.optional(),
    rows: cells.optional(),
  }),
  z.object({ type: z.literal("ping") }),
]);
export type ClientMessage2 = z.infer<typeof clientMessage2Schema>;

export type ClientErrorCode2 =
  | ClientErrorCode
  /** Something before `hello`, or a second one with another `cid`; one with the same `cid` enters anew. */
  | "bad_hello"
  /** `i` leaves a gap: not applied. */
  | "bad_sequence"
  /** Something that is for the environment's owner to decide. */
  | "not_owner"
  /** Bytes are acknowledged that were never sent. */
  | "bad_ack";

/** Somebody at the terminal, however many devices they watch it on. */
export interface Participant {
  /** The user's id. */
  id: string;
  name: string;
  role: Role;
  /** Whether any of their devices shows it now. */
  visible: boolean;
  has_control: boolean;
}

export type ServerMessage2 =
  | { type: "welcome"; message: string; environment: WelcomeEnvironment }
  /** After the client's, and again whenever another bridge or another data socket serves: act as after a reconnect. */
  | {
      type: "hello";
      cid: string;
      epoch: string;
      gen: number;
      seq: number;
      ledger: string;
      cols: number;
      rows: number;
      role: Role;
      window: string;
    }
  /** Everything of this client's up to `i` was handed to the terminal, each exactly once. */
  | { type: "iack"; i: number }
  /** It is not known whether these reached the shell; they are not sent again. */
  | { type: "uncertain"; from: number; to: number }
  /** What was applied; offsets of earlier generations cannot be resumed. */
  | { type: "size"; cols: number; rows: number; gen: number }
  /** `seq` is the offset of the first byte of `data`, `i` an `iack` that rides along. */
  | { type: "output"; data: string; seq: number; i?: number }
  /** Draw this on a cleared screen; the next output begins at `seq`. */
  | { type: "snapshot"; data: string; seq: number; gen: number; cols: number; rows: number }
  /** Whether a bridge serves the terminal, and whether there is a shell. */
  | { type: "status"; bridge: "attached" | "away"; shell: "running" | "none" | "unknown"; message: string | null }
  /** Lines from the one nearest to `before` upwards, oldest first; `more` if there are older ones. */
  | { type: "history"; before: number; lines: string[]; more: boolean }
  /** All windows of the environment in their order, after `hello` unless it named their `mark`, and whenever they change. */
  | { type: "windows"; windows: WindowTab[]; mark: string }
  /** Everybody who is here, in the order they came, the first of `total`; when that changes and there is or was another. */
  | { type: "participants"; list: Participant[]; total: number }
  /** Who has control of the environment, whether or not they are at this terminal: nobody else types. */
  | { type: "control"; holder: { id: string; name: string } | null }
  /** Whose size the terminal has, as its owner has chosen: after `hello` unless it is the smallest, and when it changes. */
  | { type: "policy"; kind: "smallest" | "latest" | "owner" | "fixed"; cols?: number; rows?: number }
  /** No more sockets than these are here: after a cut of all they dial again that far apart. */
  | { type: "crowd"; sockets: number }
  | { type: "error"; message: string; code: ClientErrorCode2; i?: number }
  | { type: "info"; message: string }
  | { type: "pong" }
  | StatusUpdate;
