/**
 * Viewers of version 2 who come, or come back: each is told where the terminal stands and given what it lacks up to
 * there, or, where that cannot be shown, waits for a picture.
 */
import type { DataMessage, Position, TerminalMessage } from "../../durable-objects/protocol/data-socket.ts";
import type { ReplayFrame } from "../../durable-objects/protocol/stream-frames.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import type { TerminalSize } from "../runtime/runtime.ts";
import type { Attachment } from "./attachment.ts";
import type { Doubt } from "./doubts.ts";
import type { Output } from "./output.ts";
import type { Snapshots } from "./snapshots.ts";

export type Enter = Extract<TerminalMessage, { type: "enter" }>;

export interface EntranceEvents {
  tell(message: Extract<DataMessage, { type: "entered" | "uncertain" }>): void;
  send(frame: ReplayFrame): void;
  position(): Position & TerminalSize;
  /** How far this author's input has come. */
  appliedOf(from: string): number;
  /** What of it may not have reached the shell. */
  takeDoubt(from: string): Doubt | null;
}

const maxWaiting = 1_000;

export class Entrance {
  readonly #output: Output;
  readonly #snapshots: Snapshots;
  readonly #events: EntranceEvents;
  /** Who came while there was no shell, by entry: answered when there is one. */
  readonly #waiting = new Map<number, Enter>();

  constructor(output: Output, snapshots: Snapshots, events: EntranceEvents) {
    this.#output = output;
    this.#snapshots = snapshots;
    this.#events = events;
  }

  take(enter: Enter, attachment: Attachment | null): void {
    if (attachment !== null) this.#answer(enter, attachment);
    else if (this.#waiting.size < maxWaiting) this.#waiting.set(enter.entry, enter);
  }

  /** There is a shell now. */
  open(attachment: Attachment): void {
    for (const enter of this.#waiting.values()) this.#answer(enter, attachment);
    this.#waiting.clear();
  }

  /** The data socket over which they came is gone. */
  clear(): void {
    this.#waiting.clear();
  }

  #answer(enter: Enter, attachment: Attachment): void {
    const { entry, from } = enter;
    const bytes = this.#missing(enter, attachment);
    this.#events.tell({ type: "entered", entry, i: this.#events.appliedOf(from), ...this.#events.position() });
    const doubt = this.#events.takeDoubt(from);
    if (doubt !== null) this.#events.tell({ type: "uncertain", ...doubt });
    if (bytes === null) {
      this.#snapshots.askForNewcomer();
      return;
    }
    const { gen, seq } = this.#output;
    this.#events.send({ kind: "replay", gen, seq: seq - bytes.length, entry, bytes });
  }

  #missing({ at, max_bytes }: Enter, attachment: Attachment): Uint8Array | null {
    const isSameClient = at?.epoch === attachment.epoch && attachment.hasScreen;
    if (at === undefined || !isSameClient || this.#snapshots.isAnswerAwaited) return null;
    return this.#output.since(at.gen, at.seq, Math.min(max_bytes, limits.maxBridgeFrameBytes));
  }
}
