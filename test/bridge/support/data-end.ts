/**
 * The object's end of a data socket, with one viewer: keeps every frame, checks that offsets have no gap and that no
 * frame ends inside a character, and draws what the viewer would see.
 */

import type { WebSocket } from "ws";
import { Terminal, type TerminalType, Unicode11Addon } from "../../../bridge/relay/xterm.ts";
import { clearScreen, type LogMessage, pingText } from "../../../durable-objects/protocol/client.ts";
import {
  type DataMessage,
  dataMessageSchema,
  type TerminalMessage,
} from "../../../durable-objects/protocol/data-socket.ts";
import {
  decodeStreamFrame,
  type SnapshotFrame,
  type StreamFrame,
} from "../../../durable-objects/protocol/stream-frames.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { type Viewer, watchTerminal } from "./viewer.ts";

export class DataEnd {
  readonly socket: WebSocket;
  readonly messages: DataMessage[] = [];
  readonly frames: StreamFrame[] = [];
  /** What is wrong with the stream; empty when nothing is. */
  readonly faults: string[] = [];
  readonly terminal = newTerminal(80, 24);
  readonly viewer: Viewer = watchTerminal(this.terminal, (text) => this.type(text));
  outputBytes = 0;
  /** Told of everything that comes, in order. */
  readonly listeners: { onMessage(message: DataMessage): void; onFrame(frame: StreamFrame): void }[] = [];
  /** Until the first snapshot a viewer shows nothing. */
  #isLive = false;
  #nextSeq: number | null = null;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) this.#takeFrame(data);
      else if (data.toString() !== pingText) this.#takeMessage(data.toString());
    });
  }

  send(message: TerminalMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  type(data: string): void {
    this.send({ type: "input", data });
  }

  /** Asks for a snapshot and resolves with it: there is one once a shell is attached. */
  async snapshot(withinMs = 20_000): Promise<SnapshotFrame> {
    const before = this.frames.length;
    this.send({ type: "snapshot" });
    return await waitUntil(
      () => this.frames.slice(before).find((frame): frame is SnapshotFrame => frame.kind === "snapshot"),
      { timeout: withinMs, interval: 5 },
    );
  }

  /** Joins as a viewer of this size. */
  async join(cols = 80, rows = 24): Promise<Viewer> {
    this.send({ type: "resize", cols, rows, alone: true });
    await this.snapshot();
    return this.viewer;
  }

  /** The newest message of a type, waiting for it. */
  async message<Type extends DataMessage["type"]>(type: Type): Promise<Extract<DataMessage, { type: Type }>> {
    return await waitUntil(
      () => this.messages.findLast((each): each is Extract<DataMessage, { type: Type }> => each.type === type),
      { timeout: 20_000, interval: 5 },
    );
  }

  logs(): LogMessage[] {
    return this.messages.flatMap((each) => (each.type === "logs" ? each.messages : []));
  }

  #takeMessage(text: string): void {
    const message = dataMessageSchema.parse(JSON.parse(text));
    this.messages.push(message);
    if (message.type === "hello" || message.type === "attached") this.#nextSeq = message.seq;
    if (message.type === "attached") this.#isLive = false;
    if (message.type === "size") this.terminal.write("", () => this.terminal.resize(message.cols, message.rows));
    for (const each of this.listeners) each.onMessage(message);
  }

  #takeFrame(data: Buffer): void {
    const frame = decodeStreamFrame(Uint8Array.from(data).buffer);
    if (frame === null) throw new Error("not a stream frame");
    this.frames.push(frame);
    // A replay ends where the next output begins, the others begin there.
    const place = frame.kind === "replay" ? frame.seq + frame.bytes.length : frame.seq;
    if (place !== this.#nextSeq) this.faults.push(`${frame.kind} at ${place}, not ${this.#nextSeq}`);
    const text = decode(frame.bytes);
    if (text === null) this.faults.push(`${frame.kind} at ${frame.seq} cuts a character`);
    if (frame.kind === "output") {
      this.#nextSeq = frame.seq + frame.bytes.length;
      this.outputBytes += frame.bytes.length;
      if (this.#isLive) this.terminal.write(frame.bytes);
    } else if (frame.kind === "snapshot") {
      this.#nextSeq = frame.seq;
      this.#isLive = true;
      this.terminal.write("", () => this.terminal.resize(frame.cols, frame.rows));
      this.terminal.write(clearScreen);
      this.terminal.write(frame.bytes);
    }
    for (const each of this.listeners) each.onFrame(frame);
  }
}

/** A terminal as viewers have it. */
export function newTerminal(cols: number, rows: number): TerminalType {
  const terminal = new Terminal({ cols, rows, scrollback: 100, allowProposedApi: true });
  terminal.loadAddon(new Unicode11Addon());
  terminal.unicode.activeVersion = "11";
  return terminal;
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null; // not UTF-8
  }
}
