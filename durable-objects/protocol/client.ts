/**
 * Version 1 of the client protocol: JSON text frames between a viewer and the TerminalObject (contract.md,
 * section 6). Client frames are parsed here and nowhere else; a client must ignore types it does not know.
 */
import { z } from "zod";
import { limits } from "./timing.ts";
import type { Phase, Status } from "./vocabulary.ts";

/** `Sec-WebSocket-Protocol` of clients: of version 1, which need not send it, and of version 2. They stand here, where the
 * page has them without the schemas of version 2. */
export const clientProtocol = "devpocket.v1";
export const clientProtocol2 = "devpocket.v2";

const cells = z.number().int().min(limits.minTerminalCells).max(limits.maxTerminalCells);

export const clientMessageSchema = z.discriminatedUnion("type", [
  /** Keystrokes, as the terminal would send them; Enter is `\r`. */
  z.object({ type: z.literal("input"), data: z.string() }),
  z.object({ type: z.literal("resize"), cols: cells, rows: cells }),
  /** Answered by the platform without waking the object when the text is exactly `pingText`. */
  z.object({ type: z.literal("ping") }),
]);
export type ClientMessage = z.infer<typeof clientMessageSchema>;

export const pingText = '{"type":"ping"}';
export const pongText = '{"type":"pong"}';

export interface WelcomeEnvironment {
  id: string;
  name: string;
  status: Status;
  template: string;
  installation_completed: boolean;
  pty_enabled: boolean;
}

export type ServerMessage =
  | { type: "welcome"; message: string; environment: WelcomeEnvironment }
  | { type: "output"; data: string }
  | { type: "pong" }
  | { type: "error"; message: string; code: ClientErrorCode }
  | { type: "info"; message: string }
  /** The size the terminal has now; sent only to a viewer that is drawing at another one. */
  | { type: "size"; cols: number; rows: number }
  | StatusUpdate
  | LogMessage;

export type ClientErrorCode =
  | "bad_frame"
  | "rate_limited"
  | "bridge_unavailable"
  | "not_running"
  /** A logs socket, or that of a guest who may only watch. */
  | "read_only"
  /** Somebody else has taken control. */
  | "not_in_control";

/** Tells a viewer that the environment moved on; `progress` is a percentage or null where none is known. */
export interface StatusUpdate {
  type: "status_update";
  status: Status;
  phase: Phase;
  message: string;
  /** For programs, one of reasons.ts; null: none. */
  reason: string | null;
  progress: number | null;
}

/** What the logs socket carries; the bridge writes these and the object passes them on unchanged. */
export const logMessageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("installation_log"),
    environment_id: z.string(),
    data: z.string(),
    timestamp: z.string(),
  }),
  z.object({
    type: z.literal("installation_status"),
    environment_id: z.string(),
    status: z.string(),
    timestamp: z.string(),
  }),
  z.object({ type: z.literal("installation_complete"), environment_id: z.string(), timestamp: z.string() }),
  z.object({
    type: z.literal("installation_error"),
    environment_id: z.string(),
    message: z.string(),
    timestamp: z.string(),
  }),
  z.object({
    type: z.literal("log"),
    timestamp: z.string(),
    level: z.string(),
    message: z.string(),
    source: z.string(),
  }),
]);
export type LogMessage = z.infer<typeof logMessageSchema>;

/** The frame that precedes the welcome: older clients want `output` first; an SGR reset changes nothing. */
export const harmlessOutput: ServerMessage = { type: "output", data: "\u001b[0m" };

/** What precedes a snapshot's bytes in a viewer whose terminal may be in any state: back to the main screen, every
 * mode tmux may have set off, then clear. The scrollback is the viewer's own and stays. */
export const clearScreen = [
  "\u001b[?1049l\u001b[?1l\u001b>\u001b[?6l\u001b[?7h\u001b[?25h\u001b[4l",
  "\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1006l\u001b[?1004l\u001b[?2004l",
  "\u001b(B\u000f\u001b[r\u001b[0m\u001b[H\u001b[2J",
].join("");
