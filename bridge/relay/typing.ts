/**
 * What viewers type, in the order in which it reaches the shell: every numbered input once, a paste in one piece
 * while others wait. Knows no socket and no PTY.
 */
import type { TerminalMessage } from "../../durable-objects/protocol/data-socket.ts";
import { timing } from "../../durable-objects/protocol/timing.ts";
import { encodeKey } from "./key-codes.ts";
import type { Author, InputLedger } from "./ledger.ts";
import { Paste } from "./paste.ts";

export type Typed = Extract<TerminalMessage, { type: "input" | "paste" | "key" }>;

export interface KeyModes {
  isBracketedPaste: boolean;
  isApplicationCursor: boolean;
}

/** Those of a terminal of which nothing is known. */
export const noModes: KeyModes = { isBracketedPaste: false, isApplicationCursor: false };

export interface TypingEvents {
  write(text: string): void;
  /** Ctrl-C, Ctrl-Z or Ctrl-\ comes next. */
  onInterrupt(): void;
  /** This was written just now. */
  onHandedOver(from: string, i: number): void;
  /** Everything of this author's up to `i` was written. */
  onApplied(from: string, i: number): void;
  /** Not applied: the last one of this author was `after`. */
  onGap(from: string, i: number, after: number): void;
  modes(): KeyModes;
}

/** Ctrl-C, Ctrl-Z, Ctrl-\ */
const interrupts = ["\u0003", "\u001a", "\u001c"];
/** When more than this waits, the paste is closed first: nothing that was typed is lost. */
const maxWaitingCharacters = 1_048_576;
const maxWaiting = 4_096;

export class Typing {
  readonly #terminal: string;
  readonly #ledger: InputLedger;
  readonly #events: TypingEvents;
  #paste: Paste | null = null;
  #pasteTimer: NodeJS.Timeout | undefined;
  #waiting: Typed[] = [];
  #waitingCharacters = 0;

  constructor(terminal: string, ledger: InputLedger, events: TypingEvents) {
    this.#terminal = terminal;
    this.#ledger = ledger;
    this.#events = events;
  }

  take(typed: Typed): void {
    if (this.#isNext(typed)) this.#place(typed);
  }

  /** This author types no more: nobody waits for the rest of a paste. */
  leave(from: string): void {
    if (this.#paste?.from === from) this.#endPaste();
  }

  /** How far an author's input has come. */
  appliedOf(from: string): number {
    return this.#ledger.appliedOf(this.#author(from));
  }

  /** The shell is gone: what waits never reaches it, and its authors may send it to the next one. */
  reset(): void {
    clearTimeout(this.#pasteTimer);
    this.#paste = null;
    for (const { from } of this.#takeWaiting()) {
      if (from !== undefined) this.#ledger.giveUp(this.#author(from));
    }
  }

  /** The memory is the process's. */
  #author(from: string): Author {
    return { terminal: this.#terminal, from };
  }

  #isNext({ from, i }: Typed): boolean {
    if (from === undefined || i === undefined) return true;
    const verdict = this.#ledger.accept(this.#author(from), i);
    if (verdict.kind === "known") this.#events.onApplied(from, verdict.applied);
    if (verdict.kind === "gap") this.#events.onGap(from, i, verdict.after);
    return verdict.kind === "next";
  }

  #wait(typed: Typed): void {
    this.#waiting.push(typed);
    this.#waitingCharacters += typed.type === "key" ? 0 : typed.data.length;
    const isTooMuch = this.#waiting.length > maxWaiting || this.#waitingCharacters > maxWaitingCharacters;
    if (isTooMuch) this.#endPaste();
  }

  #takeWaiting(): Typed[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingCharacters = 0;
    return waiting;
  }

  /** Whoever pastes and then does something else has ended the paste; everybody else waits for that. */
  #place(typed: Typed): void {
    if (this.#paste !== null && typed.from === this.#paste.from && !this.#isContinued(typed)) this.#endPaste();
    if (this.#paste !== null && typed.from !== this.#paste.from) this.#wait(typed);
    else this.#apply(typed);
  }

  #isContinued(typed: Typed): boolean {
    return typed.type === "paste" && typed.id === this.#paste?.id;
  }

  #apply(typed: Typed): void {
    this.#write(typed);
    const isLast = typed.type === "paste" && typed.last;
    if (isLast) this.#closePaste();
    if (typed.from !== undefined && typed.i !== undefined) {
      this.#ledger.applied(this.#author(typed.from), typed.i);
      this.#events.onHandedOver(typed.from, typed.i);
      this.#events.onApplied(typed.from, typed.i);
    }
    if (isLast) this.#placeWaiting();
  }

  #write(typed: Typed): void {
    switch (typed.type) {
      case "input":
        if (interrupts.some((key) => typed.data.includes(key))) this.#events.onInterrupt();
        this.#events.write(typed.data);
        return;
      case "key":
        this.#events.write(encodeKey(typed.name, typed.mods ?? [], this.#events.modes().isApplicationCursor));
        return;
      case "paste":
        this.#paste ??= new Paste(typed.from, typed.id, this.#events.modes().isBracketedPaste);
        this.#events.write(this.#paste.add(typed.data));
        clearTimeout(this.#pasteTimer);
        this.#pasteTimer = setTimeout(() => this.#endPaste(), timing.pasteSilentMs);
        return;
    }
  }

  #endPaste(): void {
    this.#closePaste();
    this.#placeWaiting();
  }

  #closePaste(): void {
    clearTimeout(this.#pasteTimer);
    const rest = this.#paste?.end() ?? "";
    this.#paste = null;
    if (rest !== "") this.#events.write(rest);
  }

  /** In order; one of them may begin a paste of its own. */
  #placeWaiting(): void {
    for (const typed of this.#takeWaiting()) this.#place(typed);
  }
}
