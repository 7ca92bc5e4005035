/**
 * A terminal's stream on its way out: put together into frames, numbered, held back where there is no credit, kept
 * for those who were cut off. Between two sockets it is counted and kept, and sent to nobody.
 */
import type { OutputFrame } from "../../durable-objects/protocol/stream-frames.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { Batcher } from "./batcher.ts";
import { Ring } from "./ring.ts";

export class Output {
  readonly #send: (frame: OutputFrame) => void;
  readonly #batcher = new Batcher(
    (bytes) => this.#sendBytes(bytes),
    () => this.#allowedBytes,
  );
  readonly #ring = new Ring(limits.ringBytes);
  #gen = 0;
  /** Offset of the next byte to be sent; what waits in the batcher is not counted. */
  #seq = 0;
  #until: number | null = null;
  #isLeftOut = true;

  constructor(send: (frame: OutputFrame) => void) {
    this.#send = send;
  }

  get gen(): number {
    return this.#gen;
  }

  /** Where the next frame begins. */
  get seq(): number {
    return this.#seq;
  }

  /** The offset up to which frames are sent; null = all. */
  get creditUntil(): number | null {
    return this.#until;
  }

  push(bytes: Uint8Array): void {
    this.#ring.push(bytes);
    if (this.#isLeftOut) this.#seq = this.#ring.end;
    else this.#batcher.push(bytes);
  }

  /** Somebody typed: what comes next is what they wait for. */
  noteInput(): void {
    this.#batcher.noteInput();
  }

  /** Frames are sent up to this offset; null = all. */
  setCredit(until: number | null): void {
    this.#until = until;
    this.#batcher.goOn();
  }

  /** What waits is left out, and so is what comes until `include`; it all counts. */
  leaveOut(): void {
    this.#isLeftOut = true;
    this.#batcher.clear();
    this.#batcher.release();
    this.#seq = this.#ring.end;
  }

  include(): void {
    this.#isLeftOut = false;
  }

  /** An empty frame shows where the stream stands, behind what was left out. */
  showPlace(): void {
    this.#sendBytes(new Uint8Array(0));
  }

  /** Sends what waits, whatever the credit: what comes next belongs to another size or client. */
  flush(): void {
    this.#batcher.flush();
  }

  /** Another tmux client: nothing before it can be resumed. */
  beginEpoch(): void {
    this.#batcher.clear();
    this.#batcher.release();
    this.#seq = this.#ring.end;
    this.#ring.clear();
  }

  beginGeneration(): void {
    this.flush();
    this.#ring.clear();
    this.#gen += 1;
  }

  /** Sends nothing until `releaseAt`. */
  hold(): void {
    this.#batcher.hold();
  }

  /** Sends what waits before this offset, calls back, and goes on. */
  releaseAt(seq: number, then: () => void): void {
    this.#batcher.flush(Math.max(0, seq - this.#seq));
    then();
    this.#batcher.release();
  }

  /** What frames have carried since `seq` of this generation, or null where that cannot be shown or is over `maxBytes`. */
  since(gen: number, seq: number, maxBytes: number): Uint8Array | null {
    if (gen !== this.#gen || seq < this.#seq - maxBytes) return null;
    const bytes = this.#ring.slice(seq, this.#seq);
    return bytes !== null && isCharacterStart(bytes) ? bytes : null;
  }

  close(): void {
    this.leaveOut();
    this.#ring.clear();
  }

  get #allowedBytes(): number {
    return this.#until === null ? Number.POSITIVE_INFINITY : Math.max(0, this.#until - this.#seq);
  }

  #sendBytes(bytes: Uint8Array): void {
    const frame: OutputFrame = { kind: "output", gen: this.#gen, seq: this.#seq, bytes };
    this.#seq += bytes.length;
    this.#send(frame);
  }
}

function isCharacterStart(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0xc0) !== 0x80;
}
