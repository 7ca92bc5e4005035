/**
 * One tmux client on a TTY in a pod, as the runtime's TerminalStream. Closing the socket ends no program, so that whoever
 * loses a client hangs it up by its pid; see clients.ts.
 */
import { RuntimeFailure, type TerminalSize, type TerminalStream } from "../../runtime.ts";
import { refuseBadSize } from "../../tmux/size.ts";
import type { ExecChannel, ExecEnd } from "./channel.ts";
import { Liveness } from "./liveness.ts";
import { PacedInput } from "./paced-input.ts";

/** Read in looks while a pause lasts; with more than this the client is let go, and another one is drawn everything. */
const maxHeldBytes = 1_048_576;

export interface TerminalEvents {
  onRead(): void;
  onTyped(): void;
}

export interface TerminalOptions {
  size: TerminalSize;
  /** Ends the program in the pod: at `close`, or when the connection was lost. */
  hangUp: () => Promise<void>;
  vote: (hasVote: boolean) => void;
}

export class ExecTerminal implements TerminalStream {
  readonly size: TerminalSize;
  readonly #options: TerminalOptions;
  #channel: ExecChannel | null = null;
  #input: PacedInput | null = null;
  #liveness: Liveness | null = null;
  #events: TerminalEvents | null = null;
  #dataListener: ((bytes: Uint8Array) => void) | null = null;
  #endListeners: (() => void)[] = [];
  readonly #held: Buffer[] = [];
  #heldBytes = 0;
  /** Until somebody listens, and between `pause` and `resume`. */
  #isPaused = true;
  #isPeeking = false;
  #isOver = false;
  #hungUp: Promise<void> | null = null;

  constructor(options: TerminalOptions) {
    refuseBadSize(options.size);
    this.size = options.size;
    this.#options = options;
  }

  /** What the channel tells, from its beginning. */
  readonly channelEvents = {
    onOutput: (bytes: Buffer) => this.#take(bytes),
    onEnd: (end: ExecEnd) => this.#ended(end),
    onHeard: () => this.#heard(),
  };

  /** The channel is open: it has no size at all before the first one. */
  begin(channel: ExecChannel): void {
    this.#channel = channel;
    this.#input = new PacedInput(channel);
    channel.resize(this.size);
    if (this.#isOver) return;
    this.#liveness = new Liveness(channel, () => this.#peek());
    if (this.#isPaused) this.#rest();
  }

  /** Tells whoever keeps the terminal, beside those who use it. */
  notify(events: TerminalEvents): void {
    this.#events = events;
  }

  write(text: string): void {
    if (this.#isOver) return;
    this.#events?.onTyped();
    this.#input?.push(Buffer.from(text.toWellFormed()));
  }

  resize(size: TerminalSize): void {
    refuseBadSize(size);
    if (!this.#isOver) this.#channel?.resize(size);
  }

  setVote(hasVote: boolean): void {
    if (!this.#isOver) this.#options.vote(hasVote);
  }

  pause(): void {
    this.#isPaused = true;
    this.#rest();
  }

  resume(): void {
    this.#isPaused = false;
    this.#isPeeking = false;
    this.#deliverHeld();
    // Whoever got that may have had enough.
    if (this.#isPaused) return;
    this.#liveness?.resumed();
    this.#channel?.resume();
  }

  onData(listener: (bytes: Uint8Array) => void): void {
    if (this.#dataListener !== null) throw new RuntimeFailure("refused", "The terminal is read by somebody already");
    this.#dataListener = listener;
    this.resume();
  }

  /** Who comes late, to a client that has ended, is told too. */
  onExit(listener: () => void): void {
    if (this.#isOver) queueMicrotask(listener);
    else this.#endListeners.push(listener);
  }

  close(): void {
    void this.release();
  }

  /** Resolves when the program in the pod was told to end, or could not be. */
  async release(): Promise<void> {
    await this.#hangUp();
    this.#channel?.close();
  }

  /** There is nobody left who could be told. */
  abandon(): void {
    this.#hungUp ??= Promise.resolve();
    this.#channel?.close();
  }

  #hangUp(): Promise<void> {
    this.#hungUp ??= this.#isOver ? Promise.resolve() : this.#options.hangUp();
    return this.#hungUp;
  }

  #take(bytes: Buffer): void {
    this.#events?.onRead();
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    this.#deliverHeld();
    if (this.#heldBytes > maxHeldBytes) this.close();
  }

  #deliverHeld(): void {
    for (let next = this.#held[0]; next !== undefined && !this.#isPaused; next = this.#held[0]) {
      this.#held.shift();
      this.#heldBytes -= next.length;
      this.#dataListener?.(next);
    }
  }

  /** The socket is read until something came of it, so that a connection that is dead is not taken for one that waits. */
  #peek(): void {
    if (!this.#isPaused || this.#isOver) return;
    this.#isPeeking = true;
    this.#channel?.resume();
  }

  #heard(): void {
    this.#liveness?.heard();
    if (!this.#isPeeking) return;
    this.#isPeeking = false;
    this.#rest();
  }

  #rest(): void {
    if (this.#isPeeking) return;
    this.#liveness?.paused();
    this.#channel?.pause();
  }

  #ended(end: ExecEnd): void {
    if (end.kind === "lost") void this.#hangUp();
    this.#isOver = true;
    this.#liveness?.stop();
    for (const listener of this.#endListeners) listener();
  }
}
