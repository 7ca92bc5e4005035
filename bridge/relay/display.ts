/**
 * What viewers see of one terminal: the stream of what it prints (Output), pictures where the stream cannot be followed
 * (Snapshots), and what those lack who come back (Entrance); as far as they have credit. The PTY is read no further than that,
 * and on its screen, which pictures are taken of, everything is drawn that was read.
 */
import type { Position, Receipt } from "../../durable-objects/protocol/data-socket.ts";
import type { OutputFrame } from "../../durable-objects/protocol/stream-frames.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import type { TerminalSize } from "../runtime/runtime.ts";
import type { Attachment } from "./attachment.ts";
import type { Doubt } from "./doubts.ts";
import { type Enter, Entrance } from "./entrance.ts";
import type { Outlet } from "./outlet.ts";
import { Output } from "./output.ts";
import type { Shell } from "./shell.ts";
import { Snapshots } from "./snapshots.ts";

/** How long nobody may watch before the screen is dropped; a picture then needs a new client. */
const screenKeptMs = 30 * 60_000;
/** A full redraw of an ordinary screen, and one read of the PTY more. */
const answerRestBytes = 12_288;

/** What is known of the viewers' input, which they are told beside what they see. */
export interface InputNews {
  /** What rides along on the next output. */
  takeReceipts(): Receipt[];
  /** How far this author's input has come. */
  appliedOf(from: string): number;
  /** What of it may not have reached the shell. */
  takeDoubt(from: string): Doubt | null;
}

export class Display {
  readonly #shell: Pick<Shell, "attachment" | "size">;
  readonly #outlet: Outlet;
  readonly #input: InputNews;
  readonly #output = new Output((frame) => this.#send(frame));
  readonly #snapshots: Snapshots;
  readonly #entrance: Entrance;
  #screenTimer: NodeJS.Timeout | undefined;

  constructor(shell: Pick<Shell, "attachment" | "size">, outlet: Outlet, input: InputNews) {
    this.#shell = shell;
    this.#outlet = outlet;
    this.#input = input;
    this.#snapshots = new Snapshots(this.#output, {
      watched: () => (outlet.isOpen ? shell.attachment : null),
      send: (frame) => outlet.send(frame),
      onAnswered: () => this.#answered(),
    });
    this.#entrance = new Entrance(this.#output, this.#snapshots, {
      tell: (message) => outlet.tell(message),
      send: (frame) => outlet.send(frame),
      position: () => this.position(),
      appliedOf: (from) => input.appliedOf(from),
      takeDoubt: (from) => input.takeDoubt(from),
    });
  }

  /** The offset of the next byte that frames carry. */
  get seq(): number {
    return this.#output.seq;
  }

  /** Where the stream stands, and the size it is for. */
  position(): Position & TerminalSize {
    const { gen, seq } = this.#output;
    return { epoch: this.#shell.attachment?.epoch ?? "none", gen, seq, ...this.#shell.size };
  }

  print(bytes: Uint8Array): void {
    this.#output.push(bytes);
    this.#snapshots.printed();
  }

  /** Somebody typed: what comes next is what they wait for. */
  noteInput(): void {
    this.#output.noteInput();
  }

  /** What was read before is left out; what comes next is shown as a picture. */
  awaitAnswer(): void {
    this.#snapshots.awaitAnswer();
  }

  /** Somebody comes who may lack something. */
  enter(enter: Enter): void {
    this.#entrance.take(enter, this.#shell.attachment);
  }

  /** Somebody waits for a picture that is taken no sooner than in `afterMs`. */
  ask(afterMs: number): void {
    this.#snapshots.ask(afterMs);
  }

  /** How far viewers who acknowledge have credit; null while there are none. */
  setCredit(until: number | null): void {
    this.#output.setCredit(until);
    this.#shell.attachment?.throttle.setCredit(until);
  }

  /** Somebody watches. */
  opened(): void {
    this.#output.include();
    clearTimeout(this.#screenTimer);
  }

  /** Nobody watches any more, and nobody gets what was pending, but it counts. */
  closed(): void {
    this.#entrance.clear();
    this.#snapshots.clear();
    this.#output.leaveOut();
    this.setCredit(null);
    this.#shell.attachment?.throttle.answered();
    this.#shell.attachment?.throttle.setFull(false);
    this.#screenTimer = setTimeout(() => this.#shell.attachment?.dropScreen(), screenKeptMs);
  }

  /** A client is attached: what it prints is another epoch. */
  beginEpoch(): void {
    this.#output.beginEpoch();
    this.#beginCredit(limits.windowBytes);
  }

  /** The object knows of the epoch: those who wait are let in, and everybody gets a picture. */
  show(attachment: Attachment): void {
    this.#entrance.open(attachment);
    this.#snapshots.begin();
  }

  /** The client has ended: what it printed is shown to its end. */
  endEpoch(): void {
    this.#output.flush();
    this.#snapshots.clear();
    if (this.#outlet.isOpen) this.#output.include();
  }

  /** The terminal has another size now. */
  resize(size: TerminalSize): void {
    this.#output.beginGeneration();
    this.#shell.attachment?.resize(size);
  }

  close(): void {
    clearTimeout(this.#screenTimer);
    this.#snapshots.clear();
    this.#output.close();
  }

  #send(frame: OutputFrame): void {
    const receipts = this.#input.takeReceipts();
    this.#outlet.sendOutput(receipts.length === 0 ? frame : { ...frame, receipts });
  }

  /** What is left of the answer must not wait for credit, which comes only when the picture was seen. */
  #answered(): void {
    this.#shell.attachment?.throttle.answered();
    this.#beginCredit(answerRestBytes);
  }

  /** Everybody begins anew with the next picture; what was granted before may have been used up. */
  #beginCredit(bytes: number): void {
    const { creditUntil, seq } = this.#output;
    if (creditUntil !== null) this.setCredit(Math.max(creditUntil, seq + bytes));
  }
}
