/** What happens to a client of protocol version 2, and what it does about it. */
import type { ClientMessage2 } from "../../../durable-objects/protocol/client-2.ts";
import type { Draft } from "./drafts.ts";
import type { Frame2 } from "./frames-2.ts";

export type CoreEvent =
  /** A socket of version 2 is open. */
  | { kind: "opened" }
  | { kind: "cut" }
  | { kind: "frame"; frame: Frame2 }
  | { kind: "typed"; data: string }
  | { kind: "pasted"; text: string }
  /** Another window is asked for: what is typed from here on is for that one. */
  | { kind: "turning" }
  /** The oldest of these turns is over: the window is selected, or that could not be done. */
  | { kind: "turned"; isDone: boolean }
  /** The screen has drawn everything up to this mark. */
  | { kind: "drawn"; mark: number }
  /** The size it would draw at by itself. */
  | { kind: "sized"; cols: number; rows: number }
  | { kind: "seen"; isVisible: boolean }
  /** The moment of `dueAtMs` has come. */
  | { kind: "due" };

export type CoreEffect =
  | { kind: "send"; message: ClientMessage2 }
  /** To be written behind everything before; `drawn` with the mark answers. */
  | { kind: "draw"; data: string; mark: number }
  /** The same on a cleared screen of this size. */
  | { kind: "repaint"; data: string; mark: number; cols: number; rows: number }
  | { kind: "size"; cols: number; rows: number }
  /** Input was settled after a greeting, and the picture still holds. */
  | { kind: "resumed" }
  | { kind: "uncertain"; drafts: Draft[] }
  /** All input from before the oldest turn has arrived: its window may be asked for. */
  | { kind: "ready" }
  /** What was typed for a window that could not be selected. It was not sent. */
  | { kind: "returned"; drafts: Draft[] }
  /** More waits than can be kept: the input was not taken. */
  | { kind: "refused" }
  /** Close this socket and dial again. */
  | { kind: "redial" }
  /** Input is open for long, or no more. */
  | { kind: "lagging"; isLagging: boolean };
