/**
 * One terminal of an environment: its shell, what it displays and what is typed, joined to the data socket while there is
 * one. A socket is greeted once it is known whether there is a shell, and told of every change of that.
 */
import type { TerminalMessage } from "../../durable-objects/protocol/data-socket.ts";
import type { TerminalSize } from "../runtime/runtime.ts";
import type { Attachment } from "./attachment.ts";
import type { RelayContext } from "./context.ts";
import type { DataSocket, Relay } from "./data-socket.ts";
import { Display } from "./display.ts";
import { History } from "./history.ts";
import { Input } from "./input.ts";
import { Outlet } from "./outlet.ts";
import { Resizer } from "./resizer.ts";
import { notRunning, Shell } from "./shell.ts";
import { WindowFeed } from "./window-feed.ts";

export class TerminalRelay implements Relay {
  readonly #outlet: Outlet = new Outlet((isFull) => this.#shell.attachment?.throttle.setFull(isFull));
  readonly #shell: Shell;
  readonly #display: Display;
  readonly #input: Input;
  readonly #resizer = new Resizer((size) => this.#resize(size));
  readonly #history: History;
  readonly #windows: WindowFeed;
  readonly #ledgerName: string;
  #isGone = false;
  /** Whether the open socket has had its hello; while a client is being attached it waits for that. */
  #isGreeted = false;

  constructor(terminal: string, context: RelayContext) {
    this.#ledgerName = context.ledger.name;
    this.#history = new History(terminal, context, (answer) => this.#outlet.tell(answer));
    this.#windows = new WindowFeed(terminal, context, (windows) => this.#outlet.tell(windows));
    const shell = new Shell(terminal, context, {
      nextSeq: () => this.#display.seq,
      onAttached: (attachment) => this.#attached(attachment),
      onBytes: (bytes) => this.#display.print(bytes),
      onDetached: (hasReadAll) => this.#detached(hasReadAll),
      onSettled: (isGone) => this.#settled(isGone),
    });
    const display = new Display(shell, this.#outlet, {
      takeReceipts: () => this.#input.takeReceipts(),
      appliedOf: (from) => this.#input.appliedOf(from),
      takeDoubt: (from) => this.#input.takeDoubt(from),
    });
    this.#shell = shell;
    this.#display = display;
    this.#input = new Input(terminal, context.ledger, { shell, display }, (message) => this.#outlet.tell(message));
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
    this.#outlet.open(socket);
    this.#isGreeted = false;
    this.#resizer.reset();
    this.#display.opened();
    if (!this.#shell.isAttaching) this.#greet();
  }

  /** The next socket begins after what was pending on this one. */
  closed(socket: DataSocket): void {
    if (!this.#outlet.close(socket)) return;
    this.#history.clear();
    this.#windows.clear();
    this.#input.unheard();
    this.#resizer.reset();
    this.#shell.abstain();
    this.#display.closed();
  }

  take(message: TerminalMessage): void {
    switch (message.type) {
      case "input":
      case "paste":
      case "key":
        this.#input.take(message);
        return;
      case "enter":
        this.#display.enter(message);
        return;
      case "left":
        this.#input.leave(message.from);
        return;
      case "credit":
        this.#display.setCredit(message.until);
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
        this.#display.ask(message.after_ms ?? 0);
        return;
    }
  }

  repeat(): void {
    if (this.#shell.attachment !== null) this.#tellSize();
  }

  /** Lets go of the terminal for good; its processes live on. */
  close(): void {
    this.#windows.clear();
    this.#resizer.reset();
    this.#input.close();
    this.#display.close();
    this.#shell.close();
  }

  #attached(attachment: Attachment): void {
    this.#display.beginEpoch();
    this.#input.attached();
    if (this.#isGreetingDue) this.#greet();
    this.#outlet.tell({ type: "attached", ...this.#display.position() });
    this.#display.show(attachment);
    this.#windows.begin();
  }

  #detached(hasReadAll: boolean): void {
    this.#display.endEpoch();
    this.#input.detached(hasReadAll);
    this.#sayDetached();
  }

  /** An attempt to attach a client is over, whatever came of it. */
  #settled(isGone: boolean): void {
    this.#isGone = isGone;
    this.#input.settled();
    if (this.#isGreetingDue) this.#greet();
    else if (isGone) this.#outlet.tell({ type: "gone" });
  }

  #resize(size: TerminalSize | null): void {
    if (size === null) {
      this.#shell.abstain();
      return;
    }
    if (!this.#shell.choose(size)) return;
    this.#display.resize(size);
    this.#tellSize();
  }

  get #isGreetingDue(): boolean {
    return this.#outlet.isOpen && !this.#isGreeted;
  }

  #greet(): void {
    this.#isGreeted = true;
    this.#outlet.tell({ type: "hello", ...this.#display.position(), ledger: this.#ledgerName });
    if (this.#shell.attachment === null) this.#sayDetached();
    if (this.#isGone) this.#outlet.tell({ type: "gone" });
  }

  #sayDetached(): void {
    this.#outlet.tell({ type: "detached", message: notRunning });
  }

  #tellSize(): void {
    const { cols, rows, gen } = this.#display.position();
    this.#outlet.tell({ type: "size", cols, rows, gen });
  }
}
