/**
 * A bridge of version 2 as the README describes it, behind a network with a queue each way: one tmux client after the
 * other, a ring, a ledger that outlives its sockets, and credit beyond which nothing is read.
 */
import type { DataMessage, Receipt, TerminalMessage } from "../../durable-objects/protocol/data-socket.ts";
import { encodeStreamFrame, type StreamFrame } from "../../durable-objects/protocol/stream-frames.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import type { World } from "./world.ts";

const encoder = new TextEncoder();

export interface Applied {
  from: string;
  i: number;
  data: string;
}

export class FakeBridge {
  readonly world: World;
  /** Everything the terminals printed, by epoch, sent or not. */
  readonly streams = new Map<string, string>([["e1", ""]]);
  readonly applied: Applied[] = [];
  /** Every offset it was allowed to send up to. */
  readonly credits: (number | null)[] = [];
  socket: string | null = null;
  #outbox: (string | ArrayBuffer)[] = [];
  #read = 0;
  #epoch = 1;
  #gen = 0;
  #genFrom = 0;
  #ringFrom = 0;
  #process = 1;
  #ledger = new Map<string, number>();
  #receipts = new Map<string, number>();
  #until: number | null = null;
  #snapshotDueAt: number | null = null;
  #waiting: Extract<TerminalMessage, { type: "enter" }>[] = [];
  #isDetached = false;
  #size = { cols: 80, rows: 24 };

  constructor(world: World) {
    this.world = world;
  }

  get epoch(): string {
    return `e${this.#epoch}`;
  }

  /** Streams are ASCII here, so that characters are bytes. */
  get seq(): number {
    return this.streams.get(this.epoch)?.length ?? 0;
  }

  get #stand() {
    return { epoch: this.epoch, gen: this.#gen, seq: this.seq, ...this.#size };
  }

  dial(assignment = 1): void {
    this.socket = this.world.dial(assignment, 2);
    this.#outbox = [];
    this.#read = 0;
    this.#until = null;
    this.#waiting = [];
    this.#snapshotDueAt = null;
    this.#say({ type: "hello", ...this.#stand, ledger: `l${this.#process}` });
    if (this.#isDetached) this.#say({ type: "detached", message: "stopped" });
  }

  cut(isTold: boolean): void {
    const { socket } = this;
    if (socket !== null && isTold && this.world.bridges.get(socket)?.closed === null) {
      this.world.keepsakes.delete(socket);
      this.world.send({ kind: "bridge_left", id: socket });
    }
    this.socket = null;
  }

  /** Another process: it knows of no input and attaches anew. */
  restart(): void {
    this.cut(true);
    this.#process += 1;
    this.#ledger.clear();
    this.#receipts.clear();
    this.#isDetached = false;
    this.#newEpoch();
  }

  detach(): void {
    if (this.#isDetached) return;
    this.#isDetached = true;
    this.#say({ type: "detached", message: "stopped" });
  }

  attach(): void {
    this.#isDetached = false;
    this.#newEpoch();
    this.#say({ type: "attached", ...this.#stand });
    this.#snapshot();
    for (const enter of this.#waiting.splice(0)) this.#answer(enter);
  }

  /** The terminal prints, if it is read at all. */
  emit(text: string): void {
    if (this.#isDetached || (this.#until !== null && this.seq + text.length > this.#until)) return;
    for (let at = 0; at < text.length; at += limits.maxOutputFrameBytes) {
      this.#print(text.slice(at, at + limits.maxOutputFrameBytes));
    }
  }

  flush(count = Number.POSITIVE_INFINITY): void {
    for (let n = 0; n < count; n += 1) {
      const next = this.#outbox.shift();
      if (next === undefined || this.socket === null) return;
      if (this.world.bridges.get(this.socket)?.closed === null) this.world.fromBridge(this.socket, next);
    }
  }

  receive(count = Number.POSITIVE_INFINITY): void {
    for (let n = 0; n < count && this.socket !== null; n += 1) {
      const message = this.world.toBridge(this.socket)[this.#read];
      if (message === undefined) {
        if (this.world.bridges.get(this.socket)?.closed !== null) this.socket = null;
        return;
      }
      this.#read += 1;
      this.#take(message);
    }
  }

  tick(): void {
    if (this.#receipts.size > 0) this.#say({ type: "receipts", receipts: this.#takeReceipts() });
    if (this.#isDetached || this.#snapshotDueAt === null || this.#snapshotDueAt > this.world.now) return;
    this.#snapshot();
  }

  get isBusy(): boolean {
    if (this.socket === null) return false;
    const isClosed = this.world.bridges.get(this.socket)?.closed !== null;
    return this.#outbox.length > 0 || isClosed || this.#read < this.world.toBridge(this.socket).length;
  }

  #take(message: TerminalMessage): void {
    switch (message.type) {
      case "input":
        if (message.from === undefined || message.i === undefined) this.emit("[v1]");
        else this.#apply({ from: message.from, i: message.i, data: message.data });
        return;
      case "enter":
        if (this.#isDetached) this.#waiting.push(message);
        else this.#answer(message);
        return;
      case "credit":
        this.#until = message.until;
        this.credits.push(message.until);
        return;
      case "resize":
        if (message.cols === this.#size.cols && message.rows === this.#size.rows) return;
        this.#gen += 1;
        this.#genFrom = this.seq;
        this.#size = { cols: message.cols, rows: message.rows };
        if (!this.#isDetached) this.#say({ type: "size", ...this.#size, gen: this.#gen });
        return;
      case "snapshot":
        this.#snapshotDueAt = Math.min(
          this.#snapshotDueAt ?? Number.POSITIVE_INFINITY,
          this.world.now + (message.after_ms ?? 0),
        );
        return;
      case "history":
        this.#say({ type: "history", entry: message.entry, before: message.before, lines: ["old"], more: false });
        return;
      default:
    }
  }

  #apply({ from, i, data }: Applied): void {
    const last = this.#ledger.get(from);
    if (last !== undefined && i > last + 1) {
      this.#say({ type: "gap", from, i, after: last });
      return;
    }
    this.#receipts.set(from, Math.max(last ?? 0, i));
    if (last === undefined || i === last + 1) {
      this.applied.push({ from, i, data });
      this.#ledger.set(from, i);
      if (data === "\u0003") this.#interrupt();
      if (!this.#isDetached) this.#print(`[${data.slice(0, 8)}]`.replace("\u0003", "^"));
    }
  }

  /** What nobody could see yet is dropped, but it counts. */
  #interrupt(): void {
    if (this.#until === null || this.seq + 8_000 <= this.#until || this.#isDetached) return;
    this.#append("#".repeat(100));
    this.#ringFrom = this.seq;
    this.#snapshotDueAt = this.world.now;
  }

  #answer({ entry, from, at, max_bytes: maxBytes }: Extract<TerminalMessage, { type: "enter" }>): void {
    this.#say({ type: "entered", entry, i: this.#ledger.get(from) ?? 0, ...this.#stand });
    const isHere = at !== undefined && at.epoch === this.epoch && at.gen === this.#gen;
    if (isHere && at.seq < this.#genFrom) throw new Error("a place that never was: the size was another then");
    const isCovered = isHere && at.seq <= this.seq && at.seq >= Math.max(this.#ringFrom, this.seq - limits.ringBytes);
    if (!isCovered || this.seq - at.seq > maxBytes) this.#snapshot();
    else this.#send({ kind: "replay", entry, seq: at.seq, bytes: this.#bytes(at.seq) });
  }

  #print(text: string): void {
    const seq = this.seq;
    this.#append(text);
    this.#send({ kind: "output", seq, bytes: this.#bytes(seq), receipts: this.#takeReceipts() });
  }

  #takeReceipts(): Receipt[] {
    const receipts = [...this.#receipts].map(([from, i]) => ({ from, i }));
    if (this.socket !== null) this.#receipts.clear();
    return receipts;
  }

  #snapshot(): void {
    this.#snapshotDueAt = null;
    const bytes = encoder.encode(`<${this.epoch}@${this.seq}>${"s".repeat(1_000)}`);
    this.#send({ kind: "snapshot", seq: this.seq, ...this.#size, bytes });
  }

  #newEpoch(): void {
    this.#epoch += 1;
    this.#gen = 0;
    this.#genFrom = 0;
    this.#ringFrom = 0;
    this.streams.set(this.epoch, "");
  }

  #append(text: string): void {
    this.streams.set(this.epoch, (this.streams.get(this.epoch) ?? "") + text);
  }

  #bytes(from: number): Uint8Array {
    return encoder.encode(this.streams.get(this.epoch)?.slice(from) ?? "");
  }

  #say(message: DataMessage): void {
    if (this.socket !== null) this.#outbox.push(JSON.stringify(message));
  }

  #send(frame: Unplaced<StreamFrame>): void {
    if (this.socket !== null) this.#outbox.push(encodeStreamFrame({ ...frame, gen: this.#gen }).buffer);
  }
}

type Unplaced<T> = T extends unknown ? Omit<T, "gen"> : never;
