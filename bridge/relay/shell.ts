/**
 * The shell of one terminal: a tmux client that is attached while the environment runs, also when nobody watches,
 * and attached again when it ends.
 */
import { limits } from "../../durable-objects/protocol/timing.ts";
import { parseTerminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { RuntimeFailure, type TerminalSize, type TerminalStream } from "../runtime/runtime.ts";
import { Attachment } from "./attachment.ts";
import type { RelayContext } from "./context.ts";

const attachAgainMs = 250;

/** What people are told who type where there is no shell. */
export const notRunning = "The environment is not running";

export interface ShellEvents {
  /** The offset at which a new client's bytes begin. */
  nextSeq(): number;
  onAttached(attachment: Attachment): void;
  onBytes(bytes: Uint8Array): void;
  /** `hasReadAll`: all that was typed has reached tmux. */
  onDetached(hasReadAll: boolean): void;
  /** An attempt to attach is over, whatever came of it. `isGone`: there is no such window, and never will be. */
  onSettled(isGone: boolean): void;
}

export class Shell {
  readonly #terminal: string;
  readonly #context: RelayContext;
  readonly #events: ShellEvents;
  /** Null until a viewer has said one or a client was attached to what was there before. */
  #chosenSize: TerminalSize | null = null;
  /** Somebody who watches now has chosen it. */
  #hasVote = false;
  #attachment: Attachment | null = null;
  #isAttaching = false;
  #shouldRun = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(terminal: string, context: RelayContext, events: ShellEvents) {
    this.#terminal = terminal;
    this.#context = context;
    this.#events = events;
  }

  get attachment(): Attachment | null {
    return this.#attachment;
  }

  get isAttaching(): boolean {
    return this.#isAttaching;
  }

  get size(): TerminalSize {
    return this.#chosenSize ?? { cols: limits.defaultCols, rows: limits.defaultRows };
  }

  /** Whether the environment has a shell now, as far as somebody has looked. */
  setRunning(isRunning: boolean): void {
    this.#shouldRun = isRunning;
    if (isRunning && this.#attachment === null) void this.#attach();
  }

  /** Takes the size; false when it is the one it had. */
  choose(size: TerminalSize): boolean {
    const isSame = isSameSize(size, this.size);
    this.#chosenSize = size;
    this.#setVote(true);
    return !isSame;
  }

  /** Nobody who watches has a say in the size: it stays, and does not hold other terminals of its window back. */
  abstain(): void {
    this.#setVote(false);
  }

  /** Lets go of the client for good; the shell lives on. */
  close(): void {
    this.#shouldRun = false;
    clearTimeout(this.#timer);
    this.#attachment?.close();
  }

  #setVote(hasVote: boolean): void {
    this.#hasVote = hasVote;
    this.#attachment?.setVote(hasVote);
  }

  async #attach(): Promise<void> {
    if (this.#isAttaching) return;
    this.#isAttaching = true;
    let isGone = false;
    clearTimeout(this.#timer);
    try {
      const { environmentId, window } = parseTerminalId(this.#terminal);
      const stream = await this.#context.runtime.attach(environmentId, window, this.#hasVote ? this.#chosenSize : null);
      if (this.#shouldRun) this.#begin(stream);
      else stream.close();
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error;
      this.#context.log("debug", "terminal not attached", { terminal: this.#terminal, code: error.code });
      isGone = error.code === "window_not_found";
      if (error.code === "unavailable") this.#attachLater();
    } finally {
      this.#isAttaching = false;
    }
    this.#events.onSettled(isGone);
  }

  #begin(stream: TerminalStream): void {
    this.#chosenSize ??= stream.size;
    if (!isSameSize(stream.size, this.size)) stream.resize(this.size);
    const attachment: Attachment = new Attachment(stream, this.size, this.#events.nextSeq(), {
      onBytes: (bytes) => this.#events.onBytes(bytes),
      onEnd: () => this.#ended(attachment),
    });
    this.#attachment = attachment;
    attachment.setVote(this.#hasVote);
    this.#context.log("info", "terminal attached", { terminal: this.#terminal, epoch: attachment.epoch });
    this.#events.onAttached(attachment);
  }

  #ended(attachment: Attachment): void {
    if (this.#attachment !== attachment) return;
    this.#attachment = null;
    this.#events.onDetached(attachment.hasReadAll);
    this.#context.log("info", "terminal detached", { terminal: this.#terminal });
    if (this.#shouldRun) this.#attachLater();
  }

  #attachLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#shouldRun && this.#attachment === null) void this.#attach();
    }, attachAgainMs);
  }
}

function isSameSize(a: TerminalSize, b: TerminalSize): boolean {
  return a.cols === b.cols && a.rows === b.rows;
}
