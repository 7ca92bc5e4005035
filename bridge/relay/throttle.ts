/**
 * When the PTY of one tmux client is read: at most as far as viewers who acknowledge have credit for, paced while
 * nobody does, and not while the socket is full. What is not read, tmux drops and draws anew.
 */
import { limits } from "../../durable-objects/protocol/timing.ts";
import type { TerminalStream } from "../runtime/runtime.ts";
import { Pacer } from "./pacer.ts";

/** The most that one read of a PTY brings: reading stops so long before the end of the credit. */
const readBytes = 4_096;
/** What is read on for the answer to an interrupt: more than tmux and the kernel hold back. */
const answerBytes = limits.ringBytes;
const interruptEveryMs = 1_000;

export class Throttle {
  readonly #stream: Pick<TerminalStream, "pause" | "resume">;
  readonly #pacer = new Pacer();
  /** Why the PTY is not being read now. */
  readonly #pauses = new Set<"paced" | "full" | "uncredited">();
  #paceTimer: NodeJS.Timeout | undefined;
  #seq: number;
  /** Null while nobody acknowledges. */
  #until: number | null = null;
  /** How far may be read for the answer to an interrupt, whatever the credit. */
  #answerUntil = 0;
  #interruptedAt = Number.NEGATIVE_INFINITY;

  /** `seq` is the offset of the next byte. */
  constructor(stream: Pick<TerminalStream, "pause" | "resume">, seq: number) {
    this.#stream = stream;
    this.#seq = seq;
  }

  /** So many bytes were read, of which `passedBytes` count in the stream. */
  took(rawBytes: number, passedBytes: number): void {
    this.#seq += passedBytes;
    if (this.#until !== null) {
      this.#checkCredit();
      return;
    }
    const waitMs = this.#pacer.take(rawBytes);
    if (waitMs > 0) this.#rest(waitMs);
  }

  /** The way to the viewers is full, or free again. */
  setFull(isFull: boolean): void {
    this.#pause("full", isFull);
  }

  setCredit(until: number | null): void {
    this.#until = until;
    if (until !== null) this.#goOn();
    this.#checkCredit();
  }

  /** Lets the answer to an interrupt through. True when what was read before is to be left out: nobody has credit for it. */
  interrupt(): boolean {
    if (this.#until === null) {
      if (this.#pacer.hurry()) this.#goOn();
      return false;
    }
    const now = performance.now();
    if (!this.#pauses.has("uncredited") || now - this.#interruptedAt < interruptEveryMs) return false;
    this.#interruptedAt = now;
    this.#answerUntil = this.#seq + answerBytes;
    this.#checkCredit();
    return true;
  }

  /** The answer has come. */
  answered(): void {
    this.#answerUntil = 0;
    this.#checkCredit();
  }

  close(): void {
    clearTimeout(this.#paceTimer);
  }

  #checkCredit(): void {
    const until = this.#until === null ? Number.POSITIVE_INFINITY : Math.max(this.#until, this.#answerUntil);
    this.#pause("uncredited", this.#seq + readBytes > until);
  }

  #rest(waitMs: number): void {
    this.#pause("paced", true);
    clearTimeout(this.#paceTimer);
    this.#paceTimer = setTimeout(() => this.#goOn(), waitMs);
  }

  #goOn(): void {
    clearTimeout(this.#paceTimer);
    this.#pause("paced", false);
  }

  #pause(why: "paced" | "full" | "uncredited", isPaused: boolean): void {
    if (this.#pauses.has(why) === isPaused) return;
    if (isPaused) this.#pauses.add(why);
    else this.#pauses.delete(why);
    if (this.#pauses.size === 0) this.#stream.resume();
    else this.#stream.pause();
  }
}
