/**
 * The newest bytes of a terminal's stream by their offsets, so that a viewer who was away can be given what it lacks.
 * Grows with what it is fed up to its capacity: a terminal that prints little costs little.
 */

/** The first piece of memory; doubled until the capacity is reached. */
const firstBytes = 4_096;

export class Ring {
  readonly #capacity: number;
  /** The byte at offset `seq` is kept at `seq % length`. */
  #kept = new Uint8Array(0);
  #start: number;
  #end: number;

  /** `seq` is the offset of the first byte that will be pushed. */
  constructor(capacity: number, seq = 0) {
    this.#capacity = capacity;
    this.#start = seq;
    this.#end = seq;
  }

  /** Offset of the next byte. */
  get end(): number {
    return this.#end;
  }

  push(bytes: Uint8Array): void {
    const newest = bytes.subarray(Math.max(0, bytes.length - this.#capacity));
    if (newest.length < bytes.length) this.#start = this.#end + bytes.length - newest.length;
    this.#end += bytes.length;
    if (newest.length === 0) return;
    this.#grow(newest.length);
    this.#start = Math.max(this.#start, this.#end - this.#kept.length);
    this.#write(newest, this.#end - newest.length);
  }

  /** The bytes from `from` up to `until`, or null where they are not all there. */
  slice(from: number, until = this.#end): Uint8Array | null {
    if (from < this.#start || from > until || until > this.#end) return null;
    const bytes = new Uint8Array(until - from);
    if (bytes.length === 0) return bytes;
    const at = from % this.#kept.length;
    const head = this.#kept.subarray(at, at + bytes.length);
    bytes.set(head);
    bytes.set(this.#kept.subarray(0, bytes.length - head.length), head.length);
    return bytes;
  }

  /** Forgets the bytes and gives their memory back; offsets go on. */
  clear(): void {
    this.#kept = new Uint8Array(0);
    this.#start = this.#end;
  }

  /** Makes room for what is kept besides `added` bytes that are counted already. */
  #grow(added: number): void {
    const before = this.#end - added;
    const wanted = Math.min(this.#capacity, this.#end - Math.min(this.#start, before));
    if (wanted <= this.#kept.length) return;
    let length = Math.max(firstBytes, this.#kept.length);
    while (length < wanted) length *= 2;
    const from = Math.min(this.#start, before);
    const old = this.slice(from, before);
    this.#kept = new Uint8Array(Math.min(length, this.#capacity));
    if (old !== null) this.#write(old, from);
  }

  #write(bytes: Uint8Array, seq: number): void {
    const at = seq % this.#kept.length;
    const head = bytes.subarray(0, this.#kept.length - at);
    this.#kept.set(head, at);
    this.#kept.set(bytes.subarray(head.length), 0);
  }
}
