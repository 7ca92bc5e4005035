/**
 * How much a terminal may put out: while only viewers watch that never acknowledge, the way is paced. Over it the
 * PTY is not read; tmux notices, drops what nobody can see any more and redraws.
 */
import { limits } from "../../durable-objects/protocol/timing.ts";

/** An interrupt that was typed during a flood is answered at once, but not every time. */
const hurryEveryMs = 1_000;
const hurryBytes = 8_192;

export class Pacer {
  #tokens: number = limits.pacedBurstBytes;
  #filledAt = performance.now();
  #hurriedAt = Number.NEGATIVE_INFINITY;

  /** Takes what was sent; resolves to how long to stop reading, 0 when not at all. */
  take(bytes: number): number {
    this.#fill();
    this.#tokens -= bytes;
    if (this.#tokens >= 0) return 0;
    return Math.ceil((-this.#tokens / limits.pacedBytesPerSecond) * 1000);
  }

  /** Lets the answer to an interrupt through; false when that was done just now. */
  hurry(): boolean {
    const now = performance.now();
    if (this.#tokens >= hurryBytes || now - this.#hurriedAt < hurryEveryMs) return false;
    this.#hurriedAt = now;
    this.#tokens = hurryBytes;
    return true;
  }

  #fill(): void {
    const now = performance.now();
    const earned = ((now - this.#filledAt) / 1000) * limits.pacedBytesPerSecond;
    this.#tokens = Math.min(limits.pacedBurstBytes, this.#tokens + earned);
    this.#filledAt = now;
  }
}
