/**
 * Puts a terminal's many tiny writes together into frames: at once after a quiet moment or as the answer to an
 * input, then in growing windows, as far as is allowed. Frames end on character boundaries. Never drops or reorders
 * a byte.
 */
import { limits, timing } from "../../durable-objects/protocol/timing.ts";
import { cutCharacterBytes } from "./sequences.ts";

const maxFramesPerSecond = 60;

export class Batcher {
  readonly #send: (bytes: Uint8Array) => void;
  readonly #allowedBytes: () => number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #window = 0;
  #lastPushAt = Number.NEGATIVE_INFINITY;
  #isAnswerDue = false;
  #isHeld = false;
  /** When the last frames were sent, as a ring. */
  readonly #sentAt = new Float64Array(maxFramesPerSecond).fill(Number.NEGATIVE_INFINITY);
  #sentCount = 0;

  /** `allowedBytes` tells how much may be sent now; when that has grown, `goOn`. */
  constructor(send: (bytes: Uint8Array) => void, allowedBytes: () => number = () => Number.POSITIVE_INFINITY) {
    this.#send = send;
    this.#allowedBytes = allowedBytes;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Somebody typed: what comes next is what they wait for. */
  noteInput(): void {
    this.#isAnswerDue = true;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const now = performance.now();
    const isQuiet = now - this.#lastPushAt >= timing.quietBeforeImmediateFlushMs && this.#pendingBytes === 0;
    this.#lastPushAt = now;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#isHeld) return;
    if (isQuiet) this.#window = 0;
    if (this.#pendingBytes >= limits.maxOutputFrameBytes) this.#flushAllowed();
    else if ((isQuiet || this.#isAnswerDue) && this.#mayHurry(now)) this.#flushAllowed();
    else this.#wait();
  }

  /** Sends what is pending, up to `maxBytes` of it, allowed or not. */
  flush(maxBytes = this.#pendingBytes): void {
    this.#clearTimer();
    if (maxBytes > 0) this.#sendPending(this.#joined(), maxBytes);
  }

  /** More is allowed now. */
  goOn(): void {
    if (this.#pendingBytes > 0 && !this.#isHeld) this.#flushAllowed();
  }

  #flushAllowed(): void {
    this.#clearTimer();
    const all = this.#joined();
    const allowed = all.subarray(0, this.#allowedBytes());
    const isCut = allowed.length < all.length;
    const bytes = isCut ? allowed.length - cutCharacterBytes(allowed) : all.length;
    if (bytes > 0) this.#sendPending(all, bytes);
  }

  /** All that is pending in one piece. */
  #joined(): Uint8Array {
    const [first] = this.#pending;
    if (this.#pending.length === 1 && first !== undefined) return first;
    const all = Buffer.concat(this.#pending);
    this.#pending = [all];
    return all;
  }

  #sendPending(all: Uint8Array, maxBytes: number): void {
    this.#isAnswerDue = false;
    const rest = all.subarray(maxBytes);
    this.#pending = rest.length === 0 ? [] : [rest];
    this.#pendingBytes = rest.length;
    for (const frame of framesOf(all.subarray(0, maxBytes))) {
      this.#sentAt[this.#sentCount % maxFramesPerSecond] = performance.now();
      this.#sentCount += 1;
      this.#send(frame);
    }
  }

  /** While held nothing is sent by itself; `release` goes on. */
  hold(): void {
    this.#isHeld = true;
    this.#clearTimer();
  }

  release(): void {
    this.#isHeld = false;
    if (this.#pendingBytes > 0) this.#wait();
  }

  /** Forgets what is pending. */
  clear(): void {
    this.#clearTimer();
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  #mayHurry(now: number): boolean {
    return now - (this.#sentAt[this.#sentCount % maxFramesPerSecond] ?? 0) >= 1_000;
  }

  #wait(): void {
    if (this.#timer !== null) return;
    const windows = timing.batchWindowsMs;
    const window = Math.min(this.#window, windows.length - 1);
    this.#timer = setTimeout(() => this.#flushAllowed(), windows[window]);
    this.#window = window + 1;
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

/** Cuts bytes that end on a character boundary into frames that do. */
function* framesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; ) {
    const piece = bytes.subarray(start, start + limits.maxOutputFrameBytes);
    const isLast = start + piece.length >= bytes.length;
    const frame = isLast ? piece : piece.subarray(0, piece.length - cutCharacterBytes(piece));
    yield frame;
    start += frame.length;
  }
}
