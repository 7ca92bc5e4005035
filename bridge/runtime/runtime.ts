/**
 * The bridge's view of whatever runs environments. Two implementations stand behind it, `local` (tmux on this
 * machine) and `kubernetes`; both pass test/bridge/runtime/contract.ts.
 */

import type { DesiredEnvironment, ObservedEnvironment } from "../../durable-objects/protocol/bridge-api.ts";
import type { LogEntry, Readings } from "../../durable-objects/protocol/bridge-link.ts";
import type { LogMessage } from "../../durable-objects/protocol/client.ts";
import type { fileFailures } from "../../durable-objects/protocol/files.ts";
import type { ObservedReason } from "../../durable-objects/protocol/reasons.ts";
import type { WindowInFull, windowFailures } from "../../durable-objects/protocol/windows.ts";
import type { EnvironmentFiles } from "./files.ts";

export interface TerminalSize {
  cols: number;
  rows: number;
}

/** One tmux client on a PTY. Bytes are raw; characters may be cut anywhere. */
export interface TerminalStream {
  /** The size it was attached with. */
  readonly size: TerminalSize;
  /** Types the text, as UTF-8; a lone surrogate becomes U+FFFD. */
  write(text: string): void;
  /** Applies a size of whole numbers 1..1000; anything else throws. */
  resize(size: TerminalSize): void;
  /** Whether its size counts for a window that other terminals show too; from the first if it was attached with one. Of a
   * single window's terminal without a vote those others see nothing. */
  setVote(hasVote: boolean): void;
  /** Stops and goes on reading the PTY; while paused nothing is buffered and tmux drops and redraws. */
  pause(): void;
  resume(): void;
  onData(listener: (bytes: Uint8Array) => void): void;
  /** Whether the client, which has ended, had read all that was written. Without it nobody knows, as of an exec. */
  readonly hasReadAll?: boolean;
  /** The client ended, for whatever reason; the session may live on. */
  onExit(listener: () => void): void;
  /** Detaches this client; the session and its processes live on. */
  close(): void;
}

export interface WindowWish {
  name?: string | undefined;
  cwd?: string | undefined;
  /** Whether it is selected at once. */
  isActive: boolean;
}

export interface WindowChange {
  name?: string | undefined;
  position?: number | undefined;
  isActive?: true | undefined;
}

/** A step that brings one environment nearer to what is desired; computed by bridge/reconcile/plan.ts. */
export type Action =
  | { kind: "start"; environment: DesiredEnvironment }
  | { kind: "restart"; environment: DesiredEnvironment }
  | { kind: "stop"; environmentId: string }
  | { kind: "delete"; environmentId: string };

export interface Runtime {
  readonly kind: "local" | "kubernetes";
  /** How many steps, of as many environments, may be under way at the same time. */
  readonly maxStepsAtOnce: number;
  /** Everything that carries our label, as it is now. */
  observe(): Promise<ObservedEnvironment[]>;
  /** Calls back whenever an observation may have changed (process died, installation moved on). */
  onChange(listener: (environmentId: string) => void): void;
  /** Carries out one step; resolves when it has been taken, which may be before its effect is complete. */
  apply(action: Action, signal: AbortSignal): Promise<void>;
  /** What lies under the environments becomes as the whole list has it, in its own time; what fails is logged and done again
   * at a later call. Only where something does. */
  tend?(desired: readonly DesiredEnvironment[], signal: AbortSignal): void;
  /** Attaches our one tmux client of this terminal, an earlier one of ours is detached: `main` shows the selected window,
   * a window's own terminal that window until it is closed. Without a size it takes the one there was, so that a new
   * bridge changes nothing; a window's own terminal has no vote then. */
  attach(environmentId: string, window: string, size: TerminalSize | null): Promise<TerminalStream>;
  /** Lines that have left the window's screen upwards, as plain text, oldest first: of all but the newest `before`, the
   * newest `lines`. `hasMore` if there are older ones. */
  history(
    environmentId: string,
    window: string,
    range: { before: number; lines: number },
  ): Promise<{ lines: string[]; hasMore: boolean }>;
  /** Newest `lines` entries at or after `since` (RFC 3339), oldest first. */
  logs(
    environmentId: string,
    options: { lines: number; since?: string | undefined },
  ): Promise<{ entries: LogEntry[]; hasMore: boolean }>;
  /** Replays the log so far and then follows it; returns how to stop. */
  followLogs(environmentId: string, listener: (messages: LogMessage[]) => void): Promise<() => void>;
  /** The environment's windows, in their order. */
  windows(environmentId: string): Promise<WindowInFull[]>;
  /** Opens a shell in a window of its own, after the others: in a directory (the workspace where none is named) that may
   * be missing (`bad_directory`). `too_many_windows` beyond `limits.maxWindows`. */
  createWindow(environmentId: string, wish: WindowWish): Promise<WindowInFull>;
  /** Renames, moves and selects it, each if it is asked for. A name is data whatever it holds. */
  changeWindow(environmentId: string, window: string, change: WindowChange): Promise<WindowInFull>;
  /** Ends what runs in it. The last one is not closed (`last_window`): an environment that runs has a shell. */
  closeWindow(environmentId: string, window: string): Promise<void>;
  /** Calls back with the windows whenever they have changed, whoever changed them; returns how to stop. Several changes
   * within `timing.windowsGapMs` are told once. */
  followWindows(environmentId: string, listener: (windows: WindowInFull[]) => void): Promise<() => void>;
  /** The files of its workspace. `not_found` for no environment of ours, `not_running` where nobody could change them. */
  files(environmentId: string): Promise<EnvironmentFiles>;
  readings(environmentId: string): Promise<Readings>;
  /** When a program in it last printed something, RFC 3339 in UTC, or null. What a client of ours is drawn does not count. */
  lastOutput(environmentId: string): Promise<string | null>;
  /** Lets go of everything of this process; environments keep running. */
  close(): Promise<void>;
}

export type RuntimeFailureCode =
  | "not_found"
  | "not_running"
  | "unavailable"
  | "refused"
  | (typeof windowFailures)[number]
  | (typeof fileFailures)[number];

/** Thrown by a runtime for what the caller can expect; anything else is a bug. */
export class RuntimeFailure extends Error {
  readonly code: RuntimeFailureCode;
  /** What the environment's owner is told when a step fails; `unavailable` turns no environment into `error`. */
  readonly reason: ObservedReason;
  constructor(code: RuntimeFailureCode, message: string, reason?: ObservedReason) {
    super(message);
    this.name = "RuntimeFailure";
    this.code = code;
    this.reason = reason ?? (code === "unavailable" ? "unavailable" : "refused");
  }
}
