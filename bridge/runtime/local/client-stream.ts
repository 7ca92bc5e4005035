/**
 * One tmux client on a PTY, as the runtime's TerminalStream. It reads nothing by itself while paused: the kernel's
 * PTY buffer fills, tmux notices and redraws later.
 */
import { type IPty, spawn } from "@lydell/node-pty";
import type { TerminalSize, TerminalStream } from "../runtime.ts";
import { refuseBadSize } from "../tmux/size.ts";

export interface ClientEvents {
  /** Something was read of the terminal. */
  onRead(): void;
  /** Something was typed. */
  onTyped(): void;
}

export class ClientStream implements TerminalStream {
  readonly pid: number;
  readonly size: TerminalSize;
  readonly #pty: IPty;
  #isOver = false;
  #hasReadAll = false;
  #endListeners: (() => void)[] = [];
  #events: ClientEvents | null = null;

  /** `args` are tmux's, as `attachArguments` makes them. */
  constructor({ program }: { program: string }, args: string[], size: TerminalSize) {
    refuseBadSize(size);
    this.size = size;
    // With `encoding: null` node-pty hands over the bytes as they are.
    this.#pty = spawn(program, args, {
      cols: size.cols,
      rows: size.rows,
      name: "xterm-256color",
      encoding: null,
      cwd: "/",
      env: { LANG: "C.UTF-8", COLORTERM: "truecolor" },
    });
    this.pid = this.#pty.pid;
    // What comes before the first listener is there would be lost.
    this.#pty.pause();
    this.#pty.onExit(({ exitCode, signal }) => {
      this.#isOver = true;
      // tmux fails where its server or its terminal went from under it.
      this.#hasReadAll = exitCode === 0 && !signal;
      for (const listener of this.#endListeners) listener();
    });
  }

  get hasReadAll(): boolean {
    return this.#hasReadAll;
  }

  /** Tells whoever keeps the terminal, beside those who use it. */
  notify(events: ClientEvents): void {
    this.#events = events;
  }

  write(text: string): void {
    if (this.#isOver) return;
    this.#events?.onTyped();
    this.#pty.write(text);
  }

  resize(size: TerminalSize): void {
    refuseBadSize(size);
    if (!this.#isOver) this.#pty.resize(size.cols, size.rows);
  }

  /** The terminal that shows the selected window counts always. */
  setVote(_hasVote: boolean): void {}

  pause(): void {
    if (!this.#isOver) this.#pty.pause();
  }

  resume(): void {
    if (!this.#isOver) this.#pty.resume();
  }

  onData(listener: (bytes: Uint8Array) => void): void {
    this.#pty.onData((data) => {
      this.#events?.onRead();
      listener(asBytes(data));
    });
    this.resume();
  }

  /** Who comes late, to a client that found its server ending, is told too. */
  onExit(listener: () => void): void {
    if (this.#isOver) queueMicrotask(listener);
    else this.#endListeners.push(listener);
  }

  close(): void {
    if (!this.#isOver) this.#pty.kill("SIGHUP");
  }
}

/** node-pty's types know strings only; with `encoding: null` its data are Buffers. */
function asBytes(data: unknown): Uint8Array {
  return data instanceof Uint8Array ? data : Buffer.from(String(data), "utf8");
}
