/** How long to wait before the next try: full jitter, growing, so that many bridges never come at once. */
import { timing } from "../durable-objects/protocol/timing.ts";

export class Backoff {
  #failures = 0;

  /** Milliseconds until the next try: 0-250 at first, later a random share of a time that doubles up to 10 s. */
  next(): number {
    const most = Math.min(timing.redialMaxMs, timing.redialMinMs * 2 ** this.#failures);
    this.#failures += 1;
    if (this.#failures === 1) return Math.random() * timing.redialFirstMaxMs;
    return timing.redialMinMs + Math.random() * (most - timing.redialMinMs);
  }

  /** The last try worked. */
  reset(): void {
    this.#failures = 0;
  }
}
