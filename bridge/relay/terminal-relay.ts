/**
 * One terminal of an environment: its shell, its output and what is typed, joined to the data socket while there is
 * one. Position of a byte = (epoch, gen, seq).
 */
import type { DataMessage, Position, TerminalMessage } from "../../durable-objects/protocol/data-socket.ts";
import { encodeStreamFrame, type OutputFrame } from "../../durable-objects/protocol/stream-frames.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import type { TerminalSize } from "../runtime/runtime.ts";
import type { Attachment } from "./attachment.ts";
import type { RelayContext } from "./context.ts";
import type { DataSocket, Relay } from "./data-socket.ts";
import { Doubts } from "./doubts.ts";
import { Entrance } from "./entrance.ts";
import { History } from "./history.ts";
import { Output } from "./output.ts";
import { Receipts } from "./receipts.ts";
import { Resizer } from "./resizer.ts";
import { Shell } from "./shell.ts";
import { Snapshots } from "./snapshots.ts";
import { type Typed, Typing } from "./typing.ts";
import { WindowFeed } from "./window-feed.ts";

/** Above this the socket is full: the PTY is not read until it has drained. */
const maxBufferedBytes = 131_072;
const screenKeptMs = 30 * 60_000;
/** A full redraw of an ordinary screen, and one read of the PTY more. */
const answerRestBytes = 12_288;
const notRunning = "The environment is not running";

export class TerminalRelay implements Relay {
  readonly #shell: Shell;
  readonly #output = new Output((frame) => this.#sendOutput(frame));
  readonly #typing: Typing;
  readonly #doubts = new Doubts();
  readonly #receipts = new Receipts((receipts) => this.#tell({ type: "receipts", receipts }));
  readonly #resizer = new Resizer((size) => this.#resize(size));
  readonly #snapshots = new Snapshots(this.#output, {
    watched: () => (this.#socket === null ? null : this.#attachment),
    send: (frame) => this.#socket?.send(encodeStreamFrame(frame)),
    onAnswered: () => this.#answered(),
  });
  readonly #entrance = new Entrance(this.#output, this.#snapshots, {
    tell: (message) => this.#tell(message),
    send: (frame) => this.#socket?.send(encodeStreamFrame(frame)),
    position: () => this.#position(),
    appliedOf: (from) => this.#typing.appliedOf(from),
    takeDoubt: (from) => this.#doubts.takeOf(from),
  });
  readonly #history: History;
  readonly #windows: WindowFeed;
  readonly #ledgerName: string;
  #socket: DataSocket | null = null;
  #isGone = false;
  /** Whether the open socket has had its hello; while a client is being attached it waits for that. */
  #isGreeted = false;
  /** How far viewers who acknowledge have credit; null while there are none. */
  #creditUntil: number | null = null;
  /** What was typed without a number while a client was being attached. */
  #early = "";
  #screenTimer: NodeJS.Timeout | undefined;

  constructor(terminal: string, context: RelayContext) {
    this.#ledgerName = context.ledger.name;
    this.#history = new History(terminal, context, (answer) => this.#tell(answer));
    this.#windows = new WindowFeed(terminal, context, (windows) => this.#tell(windows));
    this.#shell = new Shell(terminal, context, {
      nextSeq: () => this.#output.seq,
      onAttached: (attachment) => this.#attached(attachment),
      onBytes: (bytes) => this.#pass(bytes),
      onDetached: (hasReadAll) => this.#detached(hasReadAll),
      onSettled: (isGone) => this.#settled(isGone),
    });
    this.#typing = new Typing(terminal, context.ledger, {
      write: (text) => this.#write(text),
      onInterrupt: () => this.#interrupt(),
      onHandedOver: (from, i) => this.#doubts.handedOver(from, i, performance.now()),
      onApplied: (from, i) => this.#receipts.add(from, i),
      onGap: (from, i, after) => this.#tell({ type: "gap", from, i, after }),
      modes: () => this.#attachment?.modes ?? { isBracketedPaste: false, isApplicationCursor: false },
    });
  }

  /** Whether its window is known not to be there. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Whether the environment has a shell now, as far as somebody has looked. */
  setRunning(isRunning: boolean): void {
    this.#shell.setRunning(isRunning);
  }

  /** A data socket is open: it is told where the stream stands. */
  opened(socket: DataSocket): void {
    this.#socket = socket;
    this.#isGreeted = false;
    this.#resizer.reset();
    this.#output.include();
    clearTimeout(this.#screenTimer);
    if (!this.#shell.isAttaching) this.#greet();
  }

  /** Nobody gets what was pending, but it counts: the next socket begins after it. */
  closed(socket: DataSocket): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    this.#entrance.clear();
    this.#history.clear();
    this.#windows.clear();
    this.#snapshots.clear();
    this.#output.leaveOut();
    this.#receipts.clear();
    this.#resizer.reset();
    this.#shell.abstain();
    this.#setCredit(null);
    this.#attachment?.throttle.answered();
    this.#attachment?.throttle.setFull(false);
    this.#screenTimer = setTimeout(() => this.#attachment?.dropScreen(), screenKeptMs);
  }

  take(message: TerminalMessage): void {
    switch (message.type) {
      case "input":
      case "paste":
      case "key":
        this.#type(message);
        return;
      case "enter":
        this.#entrance.take(message, this.#attachment);
        return;
      case "left":
        this.#typing.leave(message.from);
        return;
      case "credit":
        this.#setCredit(message.until);
        return;
      case "history":
        this.#history.ask(message);
        return;
      case "windows":
        this.#windows.ask();
        return;
      case "resize":
        this.#resizer.ask({ cols: message.cols, rows: message.rows }, message.alone);
        return;
      case "unsized":
        this.#resizer.ask(null, true);
        return;
      case "snapshot":
        this.#snapshots.ask(message.after_ms ?? 0);
        return;
    }
  }

  repeat(): void {
    if (this.#attachment !== null) this.#tell({ type: "size", ...this.#shell.size, gen: this.#output.gen });
  }

  /** Lets go of the terminal for good; its processes live on. */
  close(): void {
    clearTimeout(this.#screenTimer);
    this.#windows.clear();
    this.#snapshots.clear();
    this.#resizer.reset();
    this.#receipts.clear();
    this.#typing.reset();
    this.#output.close();
    this.#shell.close();
  }

  get #attachment(): Attachment | null {
    return this.#shell.attachment;
  }

  #attached(attachment: Attachment): void {
    this.#output.beginEpoch();
    this.#beginCredit(limits.windowBytes);
    if (this.#early !== "") this.#write(this.#early);
    if (this.#socket !== null && !this.#isGreeted) this.#greet();
    this.#tell({ type: "attached", ...this.#position() });
    this.#entrance.open(attachment);
    this.#snapshots.begin();
    this.#windows.begin();
  }

  #detached(hasReadAll: boolean): void {
    this.#output.flush();
    for (const doubt of this.#doubts.ended(hasReadAll, performance.now())) this.#tell({ type: "uncertain", ...doubt });
    this.#typing.reset();
    this.#snapshots.clear();
    if (this.#socket !== null) this.#output.include();
    this.#sayDetached();
  }

  #settled(isGone: boolean): void {
    this.#isGone = isGone;
    this.#early = "";
    if (this.#socket !== null && !this.#isGreeted) this.#greet();
    else if (isGone) this.#tell({ type: "gone" });
  }

  #pass(bytes: Uint8Array): void {
    this.#output.push(bytes);
    this.#snapshots.printed();
  }

  #sendOutput(frame: OutputFrame): void {
    const receipts = this.#receipts.take();
    const bytes = encodeStreamFrame(receipts.length === 0 ? frame : { ...frame, receipts });
    this.#socket?.send(bytes, () => this.#drained());
    if (this.#socket !== null && this.#socket.bufferedBytes > maxBufferedBytes) {
      this.#attachment?.throttle.setFull(true);
    }
  }

  #drained(): void {
    const isStillFull = this.#socket !== null && this.#socket.bufferedBytes > maxBufferedBytes / 2;
    if (!isStillFull) this.#attachment?.throttle.setFull(false);
  }

  /** Numbered input that finds no shell is sent again by its author when it has entered. */
  #type(typed: Typed): void {
    if (this.#attachment !== null) this.#typing.take(typed);
    else if (typed.type !== "input" || typed.from !== undefined) return;
    else if (this.#shell.isAttaching) this.#early = (this.#early + typed.data).slice(0, limits.maxClientFrameBytes);
    else this.#tell({ type: "info", message: notRunning });
  }

  #write(text: string): void {
    this.#output.noteInput();
    this.#attachment?.write(text);
  }

  #interrupt(): void {
    if (this.#attachment?.throttle.interrupt() === true) this.#snapshots.awaitAnswer();
  }

  /** What is left of the answer must not wait for credit, which comes only when the picture was seen. */
  #answered(): void {
    this.#attachment?.throttle.answered();
    this.#beginCredit(answerRestBytes);
  }

  /** Everybody begins anew with the next picture; what was granted before may have been used up. */
  #beginCredit(bytes: number): void {
    if (this.#creditUntil !== null) this.#setCredit(Math.max(this.#creditUntil, this.#output.seq + bytes));
  }

  #setCredit(until: number | null): void {
    this.#creditUntil = until;
    this.#output.setCredit(until);
    this.#attachment?.throttle.setCredit(until);
  }

  #resize(size: TerminalSize | null): void {
    if (size === null) {
      this.#shell.abstain();
      return;
    }
    if (!this.#shell.choose(size)) return;
    this.#output.beginGeneration();
    this.#attachment?.resize(size);
    this.#tell({ type: "size", ...size, gen: this.#output.gen });
  }

  #greet(): void {
    this.#isGreeted = true;
    this.#tell({ type: "hello", ...this.#position(), ledger: this.#ledgerName });
    if (this.#attachment === null) this.#sayDetached();
    if (this.#isGone) this.#tell({ type: "gone" });
  }

  #sayDetached(): void {
    this.#tell({ type: "detached", message: notRunning });
  }

  #tell(message: DataMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  #position(): Position & TerminalSize {
    return {
      epoch: this.#attachment?.epoch ?? "none",
      gen: this.#output.gen,
      seq: this.#output.seq,
      ...this.#shell.size,
    };
  }
}
