/**
 * One tmux client from its attachment to its end: reads the PTY at the pace that is allowed, takes questions out,
 * draws the screen from the same bytes. Its life is one epoch.
 */
import { limits, timing } from "../../durable-objects/protocol/timing.ts";
import type { TerminalSize, TerminalStream } from "../runtime/runtime.ts";
import { Pacer } from "./pacer.ts";
import { Screen, type Snapshot } from "./screen.ts";
import { SequenceFilter } from "./sequences.ts";

/** Ctrl-C, Ctrl-Z, Ctrl-\ */
const interrupts = ["\u0003", "\u001a", "\u001c"];

export interface AttachmentEvents {
  /** Whole characters and sequences, as viewers may get them. */
  onBytes(bytes: Uint8Array): void;
  onEnd(): void;
}

export class Attachment {
  readonly epoch = crypto.randomUUID();
  readonly #stream: TerminalStream;
  readonly #events: AttachmentEvents;
  readonly #filter = new SequenceFilter();
  readonly #pacer = new Pacer();
  /** Why the PTY is not being read now. */
  readonly #pauses = new Set<"paced" | "full">();
  #paceTimer: NodeJS.Timeout | undefined;
  #screen: Screen | null;
  #isOver = false;

  /** `seq` is the offset of the first byte that `onBytes` will be given. */
  constructor(stream: TerminalStream, size: TerminalSize, seq: number, events: AttachmentEvents) {
    this.#stream = stream;
    this.#events = events;
    this.#screen = new Screen(size, seq);
    stream.onExit(() => this.#end());
    stream.onData((bytes) => this.#read(bytes));
  }

  /** False when the screen was dropped: only a new client makes tmux draw everything again. */
  get hasScreen(): boolean {
    return this.#screen !== null;
  }

  type(text: string): void {
    const isInterrupt = interrupts.some((key) => text.includes(key));
    if (isInterrupt && this.#pacer.hurry()) this.#pause("paced", false);
    this.#stream.write(text);
  }

  resize(size: TerminalSize): void {
    this.#stream.resize(size);
    this.#screen?.resize(size);
  }

  /** The way to the viewers is full, or free again. */
  setFull(isFull: boolean): void {
    this.#pause("full", isFull);
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
    clearTimeout(this.#paceTimer);
    this.dropScreen();
    this.#events.onEnd();
  }

  #read(raw: Uint8Array): void {
    const bytes = this.#filter.push(raw);
    this.#screen?.feed(bytes);
    const waitMs = this.#pacer.take(raw.length);
    if (waitMs > 0) this.#rest(waitMs);
    this.#events.onBytes(bytes);
  }

  #rest(waitMs: number): void {
    this.#pause("paced", true);
    clearTimeout(this.#paceTimer);
    this.#paceTimer = setTimeout(() => this.#pause("paced", false), waitMs);
  }

  #pause(why: "paced" | "full", isPaused: boolean): void {
    if (this.#pauses.has(why) === isPaused) return;
    if (isPaused) this.#pauses.add(why);
    else this.#pauses.delete(why);
    if (this.#pauses.size === 0) this.#stream.resume();
    else this.#stream.pause();
  }
}
