/** Cuts a body into pieces of a bounded size, one after the other, without looking at more of it than is asked for. */
import type { Bytes } from "../runtime/files.ts";

export class Cutter {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array | null = null;
  #isOver = false;
  #sentBytes = 0;

  constructor(body: Bytes) {
    this.#source = body[Symbol.asyncIterator]();
  }

  /** Whether everything has been given. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** The next bytes, at most so many. */
  async *next(maxBytes: number): Bytes {
    for (let left = maxBytes; left > 0; ) {
      const chunk = await this.#take();
      if (chunk === null) return;
      const given = chunk.subarray(0, left);
      this.#rest = given.byteLength < chunk.byteLength ? chunk.subarray(left) : null;
      left -= given.byteLength;
      this.#sentBytes += given.byteLength;
      yield given;
    }
  }

  /** Lets go of what the body comes from. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #take(): Promise<Uint8Array | null> {
    if (this.#rest !== null) return this.#rest;
    const { done, value } = await this.#source.next();
    this.#isOver = done === true;
    return done ? null : value;
  }
}
