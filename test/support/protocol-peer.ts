/**
 * A client of protocol version 2 on Node: the page's own core and a socket; what is drawn on is given. It can be cut
 * and be stalled, dials again by itself, and keeps what became uncertain.
 */
import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { clientProtocol2 } from "../../durable-objects/protocol/client.ts";
import type { ClientMessage2 } from "../../durable-objects/protocol/client-2.ts";
import { createClientCore } from "../../workers/web/terminal/client-core.ts";
import type { CoreEffect, CoreEvent } from "../../workers/web/terminal/client-events.ts";
import type { Draft } from "../../workers/web/terminal/drafts.ts";
import { type Frame2, readFrame2 } from "../../workers/web/terminal/frames-2.ts";
import { redialDelayMs } from "../../workers/web/terminal/redial.ts";

export interface PeerOptions {
  address: string;
  token: string;
  cols: number;
  rows: number;
  /** Whether it offers permessage-deflate as browsers do; it does unless told otherwise. */
  isCompressed?: boolean;
}

/** Hears what passes, before it is acted on. */
export interface Ears {
  /** A frame, and the text it came in. */
  onFrame?(frame: Frame2, text: string): void;
  onSend?(message: ClientMessage2): void;
  onDial?(): void;
}

/** Draws in the order it is told to; `done` follows when that is on the screen. */
export interface Canvas {
  draw(data: string, done: () => void): void;
  repaint(data: string, cols: number, rows: number, done: () => void): void;
  size(cols: number, rows: number): void;
}

export class ProtocolPeer {
  /** What nobody knows to have reached the shell. */
  readonly uncertain: Draft[] = [];
  /** Frames by type, and how often it was dialled. */
  readonly counts = new Map<string, number>();
  readonly #options: PeerOptions;
  readonly #canvas: Canvas;
  readonly #ears: Ears;
  readonly #core = createClientCore(crypto.randomUUID());
  #socket: WebSocket | null = null;
  #way: Socket | null = null;
  #due: NodeJS.Timeout | undefined;
  #redial: NodeJS.Timeout | undefined;
  #attempt = 0;
  #sockets = 1;
  #bytesBefore = 0;
  #isClosed = false;

  constructor(options: PeerOptions, canvas: Canvas, ears: Ears = {}) {
    this.#options = options;
    this.#canvas = canvas;
    this.#ears = ears;
    this.resize(options.cols, options.rows);
    this.#dial();
  }

  /** What came over TCP so far, over all its sockets. */
  get bytesRead(): number {
    return this.#bytesBefore + (this.#way?.bytesRead ?? 0);
  }

  type(data: string): void {
    this.#tell({ kind: "typed", data });
  }

  paste(text: string): void {
    this.#tell({ kind: "pasted", text });
  }

  resize(cols: number, rows: number): void {
    this.#tell({ kind: "sized", cols, rows });
  }

  /** Ends the socket as a tunnel does; the next one is dialled as the page dials. */
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

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#due);
    clearTimeout(this.#redial);
    this.#socket?.close();
  }

  #dial(): void {
    this.#count("dial");
    this.#ears.onDial?.();
    const { address, token, isCompressed = true } = this.#options;
    const headers = { authorization: `Bearer ${token}` };
    const socket = new WebSocket(address, [clientProtocol2], { headers, perMessageDeflate: isCompressed });
    this.#socket = socket;
    socket.on("upgrade", ({ socket: way }) => {
      this.#way = way;
    });
    socket.on("open", () => {
      this.#attempt = 0;
      this.#sockets = 1;
      this.#tell({ kind: "opened" });
    });
    socket.on("message", (data) => this.#hear(data.toString()));
    // What went wrong is told by the close that follows.
    socket.on("error", () => this.#count("failed dial"));
    socket.on("close", () => this.#lost());
  }

  #lost(): void {
    this.#bytesBefore = this.bytesRead;
    this.#way = null;
    this.#tell({ kind: "cut" });
    if (this.#isClosed) return;
    this.#redial = setTimeout(() => this.#dial(), redialDelayMs(this.#attempt, Math.random, this.#sockets));
    this.#attempt += 1;
  }

  #hear(text: string): void {
    const frame = readFrame2(text);
    this.#count(frame?.type ?? "unread");
    if (frame?.type === "error") this.#count(`error ${frame.code}`);
    if (frame === null) return;
    if (frame.type === "crowd") this.#sockets = frame.sockets;
    this.#ears.onFrame?.(frame, text);
    this.#tell({ kind: "frame", frame });
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
    switch (effect.kind) {
      case "send":
        this.#count(`sent ${effect.message.type}`);
        this.#ears.onSend?.(effect.message);
        this.#socket?.send(JSON.stringify(effect.message));
        return;
      case "draw":
        this.#canvas.draw(effect.data, () => this.#tell({ kind: "drawn", mark: effect.mark }));
        return;
      case "repaint":
        this.#canvas.repaint(effect.data, effect.cols, effect.rows, () =>
          this.#tell({ kind: "drawn", mark: effect.mark }),
        );
        return;
      case "size":
        this.#canvas.size(effect.cols, effect.rows);
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
