/**
 * A terminal of protocol version 2 as a client meets it, small enough to be right at sight: a stream with a ring, a
 * memory of input, and a way that is cut anywhere. What it sends is kept on the way until the test lets it arrive.
 */
import {
  type ClientMessage2,
  clientMessage2Schema,
  type ServerMessage2,
} from "../../durable-objects/protocol/client-2.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });
const ringBytes = 100_000;

export type Refusal = "rate_limited" | "not_running";

export class ModelServer {
  readonly toClient: ServerMessage2[] = [];
  readonly toServer: ClientMessage2[] = [];
  /** What the shell was given, in order. */
  readonly applied: string[] = [];
  /** The window that is selected, and the one that each character of input came to. */
  window = 0;
  readonly cameTo = new Map<string, number>();
  /** What each epoch's stream was made of. */
  readonly streams = new Map<string, Uint8Array>([["e0", new Uint8Array()]]);
  /** What the next input is answered with instead of being applied. */
  refusal: Refusal | null = null;
  /** How often it has sent bytes that do not follow. */
  misplaced = 0;
  #epoch = "e0";
  #gen = 0;
  /** The generation that the viewer knows of. */
  #toldGen = 0;
  #names = 0;
  #ledger = { name: "l0", last: new Map<string, number>() };
  #author: string | null = null;
  /** null: the viewer lags, or nobody is there. */
  #sent: number | null = null;
  #acknowledged = 0;
  #isBridgeAway = false;
  #receipt: number | null = null;

  get #stream(): Uint8Array {
    return this.streams.get(this.#epoch) ?? new Uint8Array();
  }

  get isGreeted(): boolean {
    return this.#author !== null;
  }

  /** The client reaches the server, or is cut from it with everything that is on the way. */
  cut(): void {
    this.toClient.length = 0;
    this.toServer.length = 0;
    this.#author = null;
    this.#sent = null;
    this.#receipt = null;
  }

  hear(message: ClientMessage2): void {
    const parsed = clientMessage2Schema.parse(message);
    if (JSON.stringify(message).length > limits.maxClientFrameBytes) throw new Error("a frame over the limit");
    if (parsed.type === "hello") this.#greet(parsed);
    if (parsed.type === "ack") this.#take(parsed.seq);
    if (parsed.type === "input" && parsed.a !== undefined) this.#take(parsed.a);
    if (parsed.type === "input" || parsed.type === "paste") this.#apply(parsed.i, parsed.data);
  }

  emit(text: string): void {
    const bytes = encoder.encode(text);
    const from = this.#stream.length;
    const joined = new Uint8Array(from + bytes.length);
    joined.set(this.#stream);
    joined.set(bytes, from);
    this.streams.set(this.#epoch, joined);
    this.#sendOutput();
  }

  /** A picture that nobody asked for, as after an interrupt. */
  repaint(): void {
    if (this.isGreeted && !this.#isBridgeAway) this.#sendSnapshot();
  }

  resize(): void {
    this.#gen += 1;
    if (!this.isGreeted || this.#isBridgeAway) return;
    this.#toldGen = this.#gen;
    this.#say({ type: "size", cols: 80, rows: 24, gen: this.#gen });
  }

  /** The bridge's socket is gone; what is typed meanwhile is nobody's. */
  loseBridge(): void {
    this.#isBridgeAway = true;
    this.#receipt = null;
  }

  /** It is back, perhaps another process with another memory and another tmux client. */
  returnBridge(isAnother: boolean): void {
    if (isAnother) this.#renew();
    this.#isBridgeAway = false;
    const isResumable = !isAnother && this.#toldGen === this.#gen;
    if (this.#author !== null) this.#enter(isResumable ? this.#sent : null);
  }

  /** The end of an exec: the last inputs may not have arrived. */
  doubt(count: number): void {
    const to = this.#ledger.last.get(this.#author ?? "") ?? 0;
    if (this.isGreeted && to > 0) this.#say({ type: "uncertain", from: Math.max(1, to - count), to });
  }

  /** Bytes that do not follow those before. */
  misplace(): void {
    if (this.#sent === null) return;
    this.misplaced += 1;
    this.#say({ type: "output", data: "stray", seq: this.#sent + 7 });
  }

  #renew(): void {
    this.#names += 1;
    this.#epoch = `e${this.#names}`;
    this.#gen = 0;
    this.streams.set(this.#epoch, new Uint8Array());
    this.#ledger = { name: `l${this.#names}`, last: new Map() };
  }

  #say(message: ServerMessage2): void {
    this.toClient.push(message);
  }

  #greet({ cid, position, ledger }: Extract<ClientMessage2, { type: "hello" }>): void {
    if (ledger !== undefined && !/^l\d+$/.test(ledger)) throw new Error("a ledger that was never named");
    this.#author = cid;
    const oldest = Math.max(0, this.#stream.length - ringBytes);
    const isSame = position !== undefined && position.epoch === this.#epoch && position.gen === this.#gen;
    const isProvable = isSame && position.seq >= oldest && this.#stream.length - position.seq <= limits.windowBytes;
    this.#acknowledged = position?.seq ?? 0;
    this.#toldGen = position?.gen ?? this.#gen;
    this.#sent = isProvable ? position.seq : null;
    if (!this.#isBridgeAway) this.#enter(this.#sent);
  }

  #enter(at: number | null): void {
    const i = this.#ledger.last.get(this.#author ?? "") ?? 0;
    const place = { epoch: this.#epoch, gen: this.#gen, seq: this.#stream.length };
    const rest = { cols: 80, rows: 24, role: "owner", window: "main" } as const;
    this.#say({ type: "hello", cid: this.#author ?? "", ...place, ledger: this.#ledger.name, ...rest });
    this.#say({ type: "iack", i });
    this.#sent = at;
    this.#toldGen = this.#gen;
    if (at === null) this.#sendSnapshot();
    else this.#sendOutput();
  }

  #sendSnapshot(): void {
    const seq = this.#stream.length;
    this.#sent = seq;
    this.#acknowledged = seq;
    const data = `<${this.#epoch}@${seq}>`;
    this.#say({ type: "snapshot", data, seq, gen: this.#gen, cols: 80, rows: 24 });
  }

  /** What is new, in frames of at most 16 KiB that end on characters; nothing beyond the window. */
  #sendOutput(): void {
    while (this.#sent !== null && !this.#isBridgeAway && this.#sent < this.#stream.length) {
      const to = this.#boundary(Math.min(this.#stream.length, this.#sent + limits.maxOutputFrameBytes));
      if (to - this.#acknowledged > limits.windowBytes) {
        this.#sent = null;
        return;
      }
      const data = decoder.decode(this.#stream.subarray(this.#sent, to));
      this.#say({ type: "output", data, seq: this.#sent, ...(this.#receipt === null ? {} : { i: this.#receipt }) });
      this.#receipt = null;
      this.#sent = to;
    }
  }

  #boundary(at: number): number {
    let to = at;
    while (to < this.#stream.length && ((this.#stream[to] ?? 0) & 0xc0) === 0x80) to -= 1;
    return to;
  }

  #take(seq: number): void {
    // On the way while the epoch changed: the server cannot tell it from a client that is wrong.
    if (seq > this.#stream.length) {
      this.#say({ type: "error", message: "", code: "bad_ack" });
      return;
    }
    this.#acknowledged = Math.max(this.#acknowledged, seq);
    if (this.#sent === null && this.isGreeted && !this.#isBridgeAway) this.#sendSnapshot();
  }

  #apply(i: number, data: string): void {
    if (this.#isBridgeAway || this.#author === null) return;
    const last = this.#ledger.last.get(this.#author);
    if (this.refusal !== null) {
      this.#say({ type: "error", message: "", code: this.refusal, i });
      this.refusal = null;
    } else if (last === undefined || i === last + 1) {
      this.#ledger.last.set(this.#author, i);
      this.applied.push(data);
      for (const character of data) this.cameTo.set(character, this.window);
      // Every third receipt waits for output to ride on.
      if (i % 3 === 0) this.#receipt = i;
      else this.#say({ type: "iack", i });
    } else if (i <= last) this.#say({ type: "iack", i: last });
    else this.#say({ type: "error", message: "", code: "bad_sequence", i });
  }

  /** A receipt that found no output goes alone. */
  settle(): void {
    if (this.#receipt !== null && this.isGreeted) this.#say({ type: "iack", i: this.#receipt });
    this.#receipt = null;
  }
}
