/**
 * A client of version 2 as the README describes it, behind a network with a queue each way: it draws what comes, checks
 * every offset, acknowledges, keeps its open input and sends it again, and knows what became uncertain.
 */
import { expect } from "vitest";
import type { ClientMessage2, ServerMessage2 } from "../../durable-objects/protocol/client-2.ts";
import type { Position } from "../../durable-objects/protocol/data-socket.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import type { World } from "./world.ts";

interface OpenInput {
  i: number;
  data: string;
  isSent: boolean;
}

type Frame = ServerMessage2 | { type: "output"; data: string };

export class Client {
  readonly world: World;
  readonly cid: string;
  readonly uncertain = new Set<number>();
  readonly typed: string[] = [];
  /** Checks what was drawn against the bridge's own stream. */
  readonly onDrawn: (epoch: string, from: number, data: string) => void;
  socket: string | null = null;
  position: Position | null = null;
  ledger: string | null = null;
  open: OpenInput[] = [];
  errors: string[] = [];
  snapshots = 0;
  /** Of each of its sockets how many frames it has acknowledged. */
  readonly acknowledged = new Map<string, number>();
  /** Frames that wait to be sent, and for an acknowledgement how many frames it is for. */
  #outbox: { message: ClientMessage2; drawn: number | null }[] = [];
  #read = 0;
  #ackedFrames = 0;
  #epoch = "";
  #unacknowledged = 0;
  #acknowledged = 0;
  #isEntered = false;
  #isRefused = false;
  /** Nothing that is open fills the gap before what was refused. */
  #hasGap = false;
  #isGreeting = false;
  #awaitsCount: string | null = null;
  #size = { cols: 80, rows: 24 };

  constructor(world: World, cid: string, onDrawn: Client["onDrawn"] = () => {}) {
    this.world = world;
    this.cid = cid.padEnd(8, "-");
    this.onDrawn = onDrawn;
  }

  connect(): void {
    this.socket = this.world.join("terminal", 2);
    this.#outbox = [];
    this.#read = 0;
    this.#ackedFrames = 0;
    this.#unacknowledged = 0;
    this.#isGreeting = true;
    this.#greet();
  }

  #greet(): void {
    this.#isEntered = false;
    this.#hasGap = false;
    const known = this.position === null ? {} : { position: this.position };
    const ledger = this.ledger === null ? {} : { ledger: this.ledger };
    this.#say({ type: "hello", cid: this.cid, ...this.#size, visible: true, ...known, ...ledger });
  }

  /** The way is cut; the object may learn of it only later, or never. */
  cut(isTold: boolean): void {
    if (this.socket !== null && isTold && this.world.seen(this.socket).closed === null) this.world.leave(this.socket);
    this.socket = null;
  }

  type(data: string): void {
    this.typed.push(data);
    const input = { i: this.typed.length, data, isSent: false };
    this.open.push(input);
    if (this.socket !== null && this.#isEntered && this.#awaitsCount === null) this.#sendInput(input);
  }

  resize(cols: number, rows: number, visible = true): void {
    this.#size = { cols, rows };
    if (this.socket !== null) this.#say({ type: "resize", cols, rows, visible });
  }

  /** Frames it has sent reach the object. */
  flush(count = Number.POSITIVE_INFINITY): void {
    for (let n = 0; n < count && this.socket !== null; n += 1) {
      const next = this.#outbox.shift();
      const { frames, closed } = this.world.seen(this.socket);
      if (next === undefined || closed !== null) return;
      if (this.#isGreeting) expect(frames).toEqual([]);
      this.#isGreeting = false;
      this.world.say(this.socket, next.message);
      this.#ackedFrames = Math.max(this.#ackedFrames, next.drawn ?? 0);
      this.acknowledged.set(this.socket, this.#ackedFrames);
    }
  }

  /** Frames of the object reach it. */
  receive(count = Number.POSITIVE_INFINITY): void {
    for (let n = 0; n < count && this.socket !== null; n += 1) {
      const { frames, closed } = this.world.seen(this.socket);
      const frame = frames[this.#read];
      if (frame === undefined) {
        if (closed !== null) this.#go(this.socket);
        return;
      }
      this.#read += 1;
      this.#take(frame as Frame);
    }
  }

  #go(socket: string): void {
    this.world.goAfterClose(socket);
    this.socket = null;
  }

  /** Time has passed: what is late is acknowledged, what was refused is sent again. */
  tick(): void {
    if (this.#unacknowledged >= limits.ackLateBytes) this.#acknowledge();
    if (this.#hasGap) this.#greetAsNew();
    else if (this.#isRefused) this.#sendOpen();
    this.#isRefused = false;
  }

  /** Output that the object has sent and that nobody has acknowledged to it. */
  get underWay(): number {
    if (this.socket === null) return 0;
    const open = this.world.seen(this.socket).frames.slice(this.#ackedFrames);
    return open.reduce((sum, frame) => sum + (frame.type === "output" ? Buffer.byteLength(frame.data) : 0), 0);
  }

  /** The object has slept and counts anew. */
  forgetUnderWay(): void {
    if (this.socket !== null) this.#ackedFrames = this.world.seen(this.socket).frames.length;
  }

  get isBusy(): boolean {
    if (this.socket === null) return false;
    const { frames, closed } = this.world.seen(this.socket);
    return this.#outbox.length > 0 || this.#read < frames.length || closed !== null;
  }

  #take(frame: Frame): void {
    switch (frame.type) {
      case "hello":
        this.#epoch = frame.epoch;
        this.#isEntered = true;
        this.#awaitsCount = frame.ledger;
        return;
      case "iack":
        this.#count(frame.i);
        return;
      case "output":
        this.#draw(frame as Extract<ServerMessage2, { type: "output" }>);
        return;
      case "snapshot":
        this.#paint(frame);
        return;
      case "size":
        if (this.position !== null) this.position = { ...this.position, gen: frame.gen };
        return;
      case "uncertain":
        for (let i = frame.from; i <= frame.to; i += 1) this.uncertain.add(i);
        return;
      case "error":
        this.errors.push(frame.code);
        this.#isRefused ||= frame.code === "bad_sequence" || frame.code === "rate_limited";
        this.#hasGap ||= frame.code === "bad_sequence" && frame.i !== undefined && frame.i === this.open[0]?.i;
        return;
      default:
    }
  }

  #draw({ data, seq, i }: { data: string; seq: number; i?: number }): void {
    expect([this.position?.epoch, this.position?.seq]).toEqual([this.#epoch, seq]);
    this.onDrawn(this.#epoch, seq, data);
    const bytes = Buffer.byteLength(data);
    if (this.position !== null) this.position = { ...this.position, seq: seq + bytes };
    if (i !== undefined) this.#count(i);
    this.#see(bytes);
  }

  #paint({ data, seq, gen }: Extract<ServerMessage2, { type: "snapshot" }>): void {
    expect(data.slice(0, data.indexOf(">") + 1)).toBe(`<${this.#epoch}@${seq}>`);
    this.position = { epoch: this.#epoch, gen, seq };
    this.snapshots += 1;
    this.#see(data.length);
  }

  #see(bytes: number): void {
    this.#unacknowledged += bytes;
    if (this.#unacknowledged >= limits.ackEveryBytes) this.#acknowledge();
  }

  #acknowledge(): void {
    this.#unacknowledged = 0;
    if (this.position !== null) this.#say({ type: "ack", seq: this.position.seq }, this.#read);
  }

  /** The first count after a hello says what of the open input is to be sent again. */
  #count(i: number): void {
    const ledger = this.#awaitsCount;
    this.#awaitsCount = null;
    const isKnown = ledger === null || (ledger === this.ledger && i >= this.#acknowledged);
    if (!isKnown) for (const { i: open } of this.open.filter((input) => input.isSent)) this.uncertain.add(open);
    this.open = this.open.filter((input) => (isKnown ? input.i > i : !input.isSent));
    this.#acknowledged = isKnown ? Math.max(i, this.#acknowledged) : i;
    if (ledger === null) return;
    this.ledger = ledger;
    this.#sendOpen();
  }

  /** It knows no ledger any more, and so begins to count where it is. */
  #greetAsNew(): void {
    if (!this.#isEntered || this.#awaitsCount !== null) return;
    this.ledger = null;
    this.#greet();
  }

  #sendOpen(): void {
    if (this.#isEntered && this.#awaitsCount === null) for (const input of this.open) this.#sendInput(input);
  }

  #sendInput(input: OpenInput): void {
    input.isSent = true;
    this.#say({ type: "input", data: input.data, i: input.i });
  }

  #say(message: ClientMessage2, drawn: number | null = null): void {
    this.#outbox.push({ message, drawn });
  }
}
