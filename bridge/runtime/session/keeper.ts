/**
 * Saves one environment's session after activity, and at its end, so that it outlives its tmux server. Idle costs nothing:
 * without activity there is no timer. What is saved is made again by restoring.ts.
 */
import { createHash } from "node:crypto";
import { RuntimeFailure } from "../runtime.ts";
import type { SessionFiles } from "./files.ts";
import { encodeSession } from "./saved-session.ts";
import { captureSession, type RunTmux } from "./tmux-session.ts";

export interface KeeperOptions {
  tmux: RunTmux;
  files: SessionFiles;
  /** The session cannot be saved; told once until it can. */
  onUnsaved: (why: string) => void;
}

/** A moment without output after some, a stretch with it, and the least between two: at most 30 s are lost. */
const quietMs = 5_000;
const busyMs = 25_000;
const gapMs = 10_000;

export class SessionKeeper {
  readonly #options: KeeperOptions;
  #firstAtMs: number | null = null;
  #latestAtMs = 0;
  #savedAtMs = Number.NEGATIVE_INFINITY;
  /** Of what was saved last. */
  #savedDigest = "";
  #timer: NodeJS.Timeout | null = null;
  #isUnsaved = false;
  #isClosed = false;
  /** Saves follow each other. */
  #saving: Promise<void> = Promise.resolve();

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Something was printed: it will be saved. */
  noteActivity(): void {
    if (this.#isClosed) return;
    this.#latestAtMs = performance.now();
    if (this.#firstAtMs !== null) return;
    this.#firstAtMs = this.#latestAtMs;
    this.#wait();
  }

  /** When a window last printed something (ms since the epoch), as somebody has looked who had to look anyway. */
  noteOutputAt(atMs: number): void {
    if (performance.timeOrigin + this.#savedAtMs <= atMs) this.noteActivity();
  }

  /** Saves the session as it is now. One whose server is gone stays as it was saved last. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#save());
    return this.#saving;
  }

  /** Saves what has not been, and then nothing more by itself. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const isDue = this.#timer !== null;
    this.rest();
    await (isDue ? this.save() : this.#saving);
  }

  /** Forgets activity: the server is about to end, or has. */
  rest(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#firstAtMs = null;
  }

  /** Forgets activity once nothing is being saved any more: what was saved stays as it is. */
  async settle(): Promise<void> {
    await this.#saving;
    this.rest();
  }

  #wait(): void {
    const quietAtMs = Math.min(this.#latestAtMs + quietMs, (this.#firstAtMs ?? 0) + busyMs);
    const leftMs = Math.max(quietAtMs, this.#savedAtMs + gapMs) - performance.now();
    if (leftMs > 0) this.#wakeIn(leftMs, () => this.#wait());
    else void this.#saveAndLookAgain();
  }

  #wakeIn(ms: number, act: () => void): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(act, ms);
  }

  /** What nobody watches may have gone on printing: that is looked at once more after each save that found something. */
  async #saveAndLookAgain(): Promise<void> {
    this.rest();
    const before = this.#savedDigest;
    await this.save();
    if (this.#savedDigest !== before && this.#timer === null && !this.#isClosed)
      this.#wakeIn(busyMs, () => void this.#saveAndLookAgain());
  }

  async #save(): Promise<void> {
    this.#savedAtMs = performance.now();
    try {
      const text = await this.#capture();
      const digest = text === null ? this.#savedDigest : digestOf(text);
      if (text === null || digest === this.#savedDigest) return;
      await this.#options.files.save(text);
      this.#savedDigest = digest;
      this.#isUnsaved = false;
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error;
      if (!this.#isUnsaved) this.#options.onUnsaved(error.message);
      this.#isUnsaved = true;
    }
  }

  /** Null when the server is gone, or goes meanwhile. */
  async #capture(): Promise<string | null> {
    try {
      return encodeSession(await captureSession(this.#options.tmux));
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error;
      return null;
    }
  }
}

/** The text itself may have megabytes. */
function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
