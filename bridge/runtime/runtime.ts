/**
 * The bridge's view of whatever runs environments. Two implementations stand behind it, `local` (tmux on this
 * machine) and `kubernetes`; both pass test/bridge/runtime/contract.ts.
 */

import type { DesiredEnvironment, ObservedEnvironment } from "../../durable-objects/protocol/bridge-api.ts";
import type { LogEntry, Readings } from "../../durable-objects/protocol/bridge-link.ts";
import type { LogMessage } from "../../durable-objects/protocol/client.ts";

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
  /** Stops and goes on reading the PTY; while paused nothing is buffered and tmux drops and redraws. */
  pause(): void;
  resume(): void;
  onData(listener: (bytes: Uint8Array) => void): void;
  /** The client ended, for whatever reason; the session may live on. */
  onExit(listener: () => void): void;
  /** Detaches this client; the session and its processes live on. */
  close(): void;
}

/** A step that brings one environment nearer to what is desired; computed by bridge/reconcile/plan.ts. */
export type Action =
  | { kind: "start"; environment: DesiredEnvironment }
  | { kind: "restart"; environment: DesiredEnvironment }
  | { kind: "stop"; environmentId: string }
  | { kind: "delete"; environmentId: string };

export interface Runtime {
  readonly kind: "local" | "kubernetes";
  /** Everything that carries our label, as it is now. */
  observe(): Promise<ObservedEnvironment[]>;
  /** Calls back whenever an observation may have changed (process died, installation moved on). */
  onChange(listener: (environmentId: string) => void): void;
  /** Carries out one step; resolves when it has been taken, which may be before its effect is complete. */
  apply(action: Action, signal: AbortSignal): Promise<void>;
  /** Attaches our one tmux client to the environment's session, an earlier one of ours is detached. Without a size it
   * takes the one the session has, so that a new bridge changes nothing. */
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
  readings(environmentId: string): Promise<Readings>;
  /** When a program in it last printed something, RFC 3339 in UTC, or null. What a client of ours is drawn does not count. */
  lastOutput(environmentId: string): Promise<string | null>;
  /** Lets go of everything of this process; environments keep running. */
  close(): Promise<void>;
}

/** Thrown by a runtime for what the caller can expect; anything else is a bug. */
export class RuntimeFailure extends Error {
  readonly code: "not_found" | "not_running" | "unavailable" | "refused";
  constructor(code: "not_found" | "not_running" | "unavailable" | "refused", message: string) {
    super(message);
    this.name = "RuntimeFailure";
    this.code = code;
  }
}
