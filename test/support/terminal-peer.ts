/**
 * A client of protocol version 2 on Node: the page's own core, a socket and a headless terminal. It can be cut and be
 * stalled, dials again by itself, and keeps what became uncertain.
 */
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";
import { Terminal, type TerminalType, Unicode11Addon } from "../../bridge/relay/xterm.ts";
import { clearScreen, clientProtocol2 } from "../../durable-objects/protocol/client.ts";
import { createClientCore } from "../../workers/web/terminal/client-core.ts";
import type { CoreEffect, CoreEvent } from "../../workers/web/terminal/client-events.ts";
import type { Draft } from "../../workers/web/terminal/drafts.ts";
import { readFrame2 } from "../../workers/web/terminal/frames-2.ts";

export interface PeerOptions {
  address: string;
  token: string;
  cols: number;
  rows: number;
}

export class TerminalPeer {
  readonly terminal: TerminalType;
  /** What nobody knows to have reached the shell. */
  readonly uncertain: Draft[] = [];
  /** Frames by type, and how often it was dialled. */
  readonly counts = new Map<string, number>();
  readonly #options: PeerOptions;
  readonly #core = createClientCore(crypto.randomUUID());
  #socket: WebSocket | null = null;
  #due: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.terminal = new Terminal({ cols: options.cols, rows: options.rows, scrollback: 0, allowProposedApi: true });
    this.terminal.loadAddon(new Unicode11Addon());
    this.terminal.unicode.activeVersion = "11";
    this.#tell({ kind: "sized", cols: options.cols, rows: options.rows });
    this.#dial();
  }

  type(data: string): void {
    this.#tell({ kind: "typed", data });
  }

  /** Ends the socket as a tunnel does; the next one is dialled within a quarter of a second. */
  cut(): void {
    this.#socket?.terminate();
  }

  /** Reads nothing until `wake`. */
  stall(): void {
    this.#socket?.pause();
  }

  wake(): void {
    this.#socket?.resume();
  }

  /** The rows of the screen as text, after everything that has come was drawn. */
  async screen(): Promise<string> {
    await new Promise<void>((resolve) => this.terminal.write("", resolve));
    const { active } = this.terminal.buffer;
    const rows = Array.from({ length: this.terminal.rows }, (_, row) => active.getLine(active.baseY + row));
    return rows.map((row) => row?.translateToString(true).trimEnd() ?? "").join("\n");
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#due);
    this.#socket?.close();
  }

  #dial(): void {
    this.#count("dial");
    const { address, token } = this.#options;
    const socket = new WebSocket(address, [clientProtocol2], { headers: { authorization: `Bearer ${token}` } });
    this.#socket = socket;
    socket.on("open", () => this.#tell({ kind: "opened" }));
    socket.on("message", (data) => this.#hear(data.toString()));
    // What went wrong is told by the close that follows.
    socket.on("error", () => this.#count("failed dial"));
    socket.on("close", () => {
      this.#tell({ kind: "cut" });
      if (!this.#isClosed) void delay(Math.random() * 250).then(() => this.#isClosed || this.#dial());
    });
  }

  #hear(text: string): void {
    const frame = readFrame2(text);
    this.#count(frame?.type ?? "unread");
    if (frame?.type === "error") this.#count(`error ${frame.code}`);
    if (frame !== null) this.#tell({ kind: "frame", frame });
  }

  #tell(event: CoreEvent): void {
    for (const effect of this.#core.handle(event, performance.now())) this.#carryOut(effect);
    clearTimeout(this.#due);
    const dueAtMs = this.#core.dueAtMs();
    if (dueAtMs !== null && !this.#isClosed) {
      this.#due = setTimeout(() => this.#tell({ kind: "due" }), Math.max(0, dueAtMs - performance.now()));
    }
  }

  #carryOut(effect: CoreEffect): void {
    const { terminal } = this;
    switch (effect.kind) {
      case "send":
        this.#socket?.send(JSON.stringify(effect.message));
        return;
      case "draw":
        terminal.write(effect.data, () => this.#tell({ kind: "drawn", mark: effect.mark }));
        return;
      case "repaint":
        terminal.write("", () => terminal.resize(effect.cols, effect.rows));
        terminal.write(clearScreen + effect.data, () => this.#tell({ kind: "drawn", mark: effect.mark }));
        return;
      case "size":
        terminal.write("", () => terminal.resize(effect.cols, effect.rows));
        return;
      case "uncertain":
        this.uncertain.push(...effect.drafts);
        return;
      case "redial":
        this.#count("redial");
        this.#socket?.terminate();
        return;
      case "refused":
        this.#count("refused");
        return;
      case "resumed":
      case "lagging":
        this.#count(effect.kind);
        return;
    }
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
}
