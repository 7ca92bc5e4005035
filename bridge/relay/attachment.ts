/**
 * One tmux client from its attachment to its end: reads the PTY at the pace that is allowed, takes questions out,
 * draws the screen from the same bytes. Its life is one epoch.
 */
import { limits, timing } from "../../durable-objects/protocol/timing.ts";
import type { TerminalSize, TerminalStream } from "../runtime/runtime.ts";
import { Screen, type Snapshot } from "./screen.ts";
import { SequenceFilter } from "./sequences.ts";
import { Throttle } from "./throttle.ts";
import { type KeyModes, noModes } from "./typing.ts";

export interface AttachmentEvents {
  /** Whole characters and sequences, as viewers may get them. */
  onBytes(bytes: Uint8Array): void;
  onEnd(): void;
}

export class Attachment {
  readonly epoch = crypto.randomUUID();
  /** When the PTY is read. */
  readonly throttle: Throttle;
  readonly #stream: TerminalStream;
  readonly #events: AttachmentEvents;
  readonly #filter = new SequenceFilter();
  #screen: Screen | null;
  #isOver = false;

  /** `seq` is the offset of the first byte that `onBytes` will be given. */
  constructor(stream: TerminalStream, size: TerminalSize, seq: number, events: AttachmentEvents) {
    this.#stream = stream;
    this.#events = events;
    this.#screen = new Screen(size, seq);
    this.throttle = new Throttle(stream, seq);
    stream.onExit(() => this.#end());
    stream.onData((bytes) => this.#read(bytes));
  }

  /** False when the screen was dropped: only a new client makes tmux draw everything again. */
  get hasScreen(): boolean {
    return this.#screen !== null;
  }

  get modes(): KeyModes {
    return this.#screen?.modes ?? noModes;
  }

  /** Whether the client, which has ended, had read all that was typed; false where nobody knows. */
  get hasReadAll(): boolean {
    return this.#stream.hasReadAll === true;
  }

  write(text: string): void {
    this.#stream.write(text);
  }

  resize(size: TerminalSize): void {
    this.#stream.resize(size);
    this.#screen?.resize(size);
  }

  setVote(hasVote: boolean): void {
    this.#stream.setVote(hasVote);
  }

  /** Calls back with the picture after everything `onBytes` was given so far, unless the client has ended. */
  snapshot(callback: (snapshot: Snapshot) => void): void {
    this.#screen?.snapshot((snapshot) => {
      if (!this.#isOver) callback(snapshot);
    });
  }

  dropScreen(): void {
    this.#screen?.dispose();
    this.#screen = null;
  }

  /** Two sizes in a row make tmux draw everything, without a new client. */
  redraw(size: TerminalSize): void {
    this.#stream.resize({ cols: Math.max(limits.minTerminalCells, size.cols - 1), rows: size.rows });
    setTimeout(() => this.#stream.resize(size), timing.resizeDebounceMs);
  }

  /** Detaches the client; `onEnd` follows. */
  close(): void {
    this.#stream.close();
  }

  #end(): void {
    this.#isOver = true;
    this.throttle.close();
    this.dropScreen();
    this.#events.onEnd();
  }

  #read(raw: Uint8Array): void {
    const bytes = this.#filter.push(raw);
    this.#screen?.feed(bytes);
    this.throttle.took(raw.length, bytes.length);
    this.#events.onBytes(bytes);
  }
}
