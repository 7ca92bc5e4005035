/**
 * All that viewers type into one terminal, from the data socket to the shell: applied once and in order (Typing), receipted
 * when it was (Receipts), doubted when the client that was given it is lost (Doubts). Input without a number, which nobody sends
 * again, waits while a client is being attached; numbered input that finds no shell is sent again by its author when it has
 * entered.
 */
import type { DataMessage, Receipt } from "../../durable-objects/protocol/data-socket.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import type { Display, InputNews } from "./display.ts";
import { type Doubt, Doubts } from "./doubts.ts";
import type { InputLedger } from "./ledger.ts";
import { Receipts } from "./receipts.ts";
import { notRunning, type Shell } from "./shell.ts";
import { noModes, type Typed, Typing } from "./typing.ts";

/** What typing acts on. */
export interface InputTargets {
  shell: Pick<Shell, "attachment" | "isAttaching">;
  display: Pick<Display, "noteInput" | "awaitAnswer">;
}

export class Input implements InputNews {
  readonly #targets: InputTargets;
  readonly #tell: (message: DataMessage) => void;
  readonly #typing: Typing;
  readonly #receipts: Receipts;
  readonly #doubts = new Doubts();
  /** What was typed without a number while a client was being attached. */
  #early = "";

  constructor(terminal: string, ledger: InputLedger, targets: InputTargets, tell: (message: DataMessage) => void) {
    this.#targets = targets;
    this.#tell = tell;
    this.#receipts = new Receipts((receipts) => tell({ type: "receipts", receipts }));
    this.#typing = new Typing(terminal, ledger, {
      write: (text) => this.#write(text),
      onInterrupt: () => this.#interrupt(),
      onHandedOver: (from, i) => this.#doubts.handedOver(from, i, performance.now()),
      onApplied: (from, i) => this.#receipts.add(from, i),
      onGap: (from, i, after) => tell({ type: "gap", from, i, after }),
      modes: () => targets.shell.attachment?.modes ?? noModes,
    });
  }

  take(typed: Typed): void {
    const { attachment, isAttaching } = this.#targets.shell;
    if (attachment !== null) this.#typing.take(typed);
    else if (typed.type !== "input" || typed.from !== undefined) return;
    else if (isAttaching) this.#early = (this.#early + typed.data).slice(0, limits.maxClientFrameBytes);
    else this.#tell({ type: "info", message: notRunning });
  }

  /** This author types no more. */
  leave(from: string): void {
    this.#typing.leave(from);
  }

  /** How far an author's input has come. */
  appliedOf(from: string): number {
    return this.#typing.appliedOf(from);
  }

  /** What of an author's input may not have reached the shell; told once. */
  takeDoubt(from: string): Doubt | null {
    return this.#doubts.takeOf(from);
  }

  /** What may ride along on the next output. */
  takeReceipts(): Receipt[] {
    return this.#receipts.take();
  }

  /** A client is attached. */
  attached(): void {
    if (this.#early !== "") this.#write(this.#early);
  }

  /** The attempt to attach a client is over, whatever came of it. */
  settled(): void {
    this.#early = "";
  }

  /** The client has ended; `hasReadAll`: all that it was given has reached tmux. */
  detached(hasReadAll: boolean): void {
    for (const doubt of this.#doubts.ended(hasReadAll, performance.now())) this.#tell({ type: "uncertain", ...doubt });
    this.#typing.reset();
  }

  /** Nobody is there to get receipts. */
  unheard(): void {
    this.#receipts.clear();
  }

  close(): void {
    this.#receipts.clear();
    this.#typing.reset();
  }

  #write(text: string): void {
    this.#targets.display.noteInput();
    this.#targets.shell.attachment?.write(text);
  }

  #interrupt(): void {
    const { shell, display } = this.#targets;
    if (shell.attachment?.throttle.interrupt() === true) display.awaitAnswer();
  }
}
