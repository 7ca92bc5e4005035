/**
 * Keeps one environment's session over restarts of its tmux server: saves it after activity, and at the end; makes it
 * again at the next start. Programs are never run again. Idle costs nothing: without activity there is no timer.
 */
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { RuntimeFailure } from "../runtime.ts";
import { encodeSession, parseSession, type SavedSession } from "./saved-session.ts";
import { captureSession, makingOrder, type Opening, type RunTmux, restoreWindows } from "./tmux-session.ts";
import { type Restored, restoredLine } from "./words.ts";

/** A saved session, laid out for the shells to come. */
export interface Restoration {
  restored: Restored;
  session: SavedSession | null;
  /** One for each window, in order; none where nothing could be laid. */
  openings: Opening[];
  /** Of the window that the new server begins with. */
  first: Opening | undefined;
}

/** Where a session is saved, on the environment's volume. Everything rejects with a RuntimeFailure. */
export interface SessionFiles {
  /** What was saved, or null. */
  load(): Promise<string | null>;
  /** Replaces it: a crash leaves the old or the new one. */
  save(text: string): Promise<void>;
  /** Puts down texts for the shells of the environment, in place of earlier ones, and says where each is. */
  lay(texts: readonly string[]): Promise<string[]>;
  /** How many of those are still there: a shell that has printed one removes it. */
  countLaid(): Promise<number>;
}

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
/** Shells print what was laid for them at once; on a busy machine a little later. */
const printedWithinMs = 3_000;
const lookEveryMs = 10;
const reset = "\u001b[0m";

export class SessionKeeper {
  readonly #options: KeeperOptions;
  #firstAt: number | null = null;
  #latestAt = 0;
  #savedAt = Number.NEGATIVE_INFINITY;
  /** Digest of what was saved last. */
  #saved = "";
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
    this.#latestAt = performance.now();
    if (this.#firstAt !== null) return;
    this.#firstAt = this.#latestAt;
    this.#wait();
  }

  /** When a window last printed something (ms since the epoch), as somebody has looked who had to look anyway. */
  noteOutputAt(atMs: number): void {
    if (performance.timeOrigin + this.#savedAt <= atMs) this.noteActivity();
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
    this.#firstAt = null;
  }

  /** What the first window of a new server begins with; null on the very first start. */
  async prepare(): Promise<Restoration | null> {
    await this.#saving;
    this.rest();
    const session = await this.#load();
    if (session === null) return null;
    try {
      return session === "unreadable" ? await this.#layExcuse() : await this.#lay(session);
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error;
      return { restored: { kind: "unreadable" }, session: null, openings: [], first: undefined };
    }
  }

  /** Makes the other windows and waits until each shows what it showed; tells what there is now. */
  async restore(restoration: Restoration, shell: (opening: Opening) => string[]): Promise<Restored> {
    const { session, openings } = restoration;
    let { restored } = restoration;
    if (session !== null && restored.kind === "restored") {
      const windows = await restoreWindows(this.#options.tmux, session, openings, shell);
      restored = { ...restored, windows };
    }
    await this.#untilPrinted().catch(ignoreRefused);
    return restored;
  }

  async #load(): Promise<SavedSession | "unreadable" | null> {
    try {
      const text = await this.#options.files.load();
      return text === null ? null : (parseSession(text) ?? "unreadable");
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error;
      return "unreadable";
    }
  }

  async #lay(session: SavedSession): Promise<Restoration> {
    const { windows, omitted } = session;
    const restored: Restored = { kind: "restored", windows: windows.length, omitted };
    const end = `${reset}${restoredLine(restored)}\n`;
    const paths = await this.#options.files.lay(
      windows.map(({ lines }) => lines.map((line) => `${line}\n`).join("") + end),
    );
    const openings = paths.map((path, index) => ({ path, directory: windows[index]?.directory ?? "" }));
    return { restored, session, openings, first: openings[makingOrder(session)[0] ?? 0] };
  }

  async #layExcuse(): Promise<Restoration> {
    const restored: Restored = { kind: "unreadable" };
    const paths = await this.#options.files.lay([`${restoredLine(restored)}\n`]);
    const openings = paths.map((path) => ({ path, directory: "" }));
    return { restored, session: null, openings, first: openings[0] };
  }

  /** Before that a look at the windows would miss what they are about to show. */
  async #untilPrinted(): Promise<void> {
    const end = performance.now() + printedWithinMs;
    while ((await this.#options.files.countLaid()) > 0 && performance.now() < end) await delay(lookEveryMs);
  }

  #wait(): void {
    const quietAt = Math.min(this.#latestAt + quietMs, (this.#firstAt ?? 0) + busyMs);
    const leftMs = Math.max(quietAt, this.#savedAt + gapMs) - performance.now();
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
    const before = this.#saved;
    await this.save();
    if (this.#saved !== before && this.#timer === null && !this.#isClosed)
      this.#wakeIn(busyMs, () => void this.#saveAndLookAgain());
  }

  async #save(): Promise<void> {
    this.#savedAt = performance.now();
    try {
      const text = await this.#capture();
      const digest = text === null ? this.#saved : digestOf(text);
      if (text === null || digest === this.#saved) return;
      await this.#options.files.save(text);
      this.#saved = digest;
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

function ignoreRefused(error: unknown): void {
  if (!(error instanceof RuntimeFailure)) throw error;
}

/** The text itself may have megabytes. */
function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
