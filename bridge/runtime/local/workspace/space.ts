/**
 * Whether there is room for what comes: what the environment may keep, less what it does and what is under way, and what
 * the disk has. A directory with too many files to measure is held by the disk alone.
 */
import { statfs } from "node:fs/promises";
import { RuntimeFailure } from "../../runtime.ts";
import { diskBytes } from "../readings.ts";

/** Measuring walks the directory: what was measured counts for this long, with what was written since. */
const measuredKeptMs = 5_000;
/** The machine's own share of its disk. */
const spareBytes = 64 * 1024 * 1024;

export class Space {
  readonly #directory: string;
  readonly #maxBytes: () => number;
  #measured: { atMs: number; bytes: number | null } | null = null;
  #underWayBytes = 0;

  constructor(directory: string, maxBytes: () => number) {
    this.#directory = directory;
    this.#maxBytes = maxBytes;
  }

  /** Does work that adds so many bytes; throws `no_space` where they do not fit. */
  async taking<Value>(bytes: number, work: () => Promise<Value>): Promise<Value> {
    this.#underWayBytes += bytes;
    try {
      await this.refuseUnlessFits(0);
      const value = await work();
      if (this.#measured?.bytes) this.#measured.bytes += bytes;
      return value;
    } finally {
      this.#underWayBytes -= bytes;
    }
  }

  /** Throws `no_space` where so many bytes would not fit beside what is under way. */
  async refuseUnlessFits(bytes: number): Promise<void> {
    const wanted = bytes + this.#underWayBytes;
    const disk = await statfs(this.#directory);
    const isKept = ((await this.#usedBytes()) ?? 0) + wanted <= this.#maxBytes();
    if (!isKept || wanted + spareBytes > disk.bavail * disk.bsize) {
      throw new RuntimeFailure("no_space", "There is no space left for it in the environment");
    }
  }

  async #usedBytes(): Promise<number | null> {
    const nowMs = performance.now();
    if (this.#measured === null || nowMs - this.#measured.atMs > measuredKeptMs) {
      this.#measured = { atMs: nowMs, bytes: await diskBytes(this.#directory) };
    }
    return this.#measured.bytes;
  }
}
