/** Waits for bytes and then for a moment without, but not for ever: then the answer to an interrupt is on the screen. */

const quietMs = 50;
const longestMs = 500;

export class Lull {
  readonly #onLull: () => void;
  #timer: NodeJS.Timeout | null = null;
  #latestAt = 0;

  constructor(onLull: () => void) {
    this.#onLull = onLull;
  }

  get isAwaited(): boolean {
    return this.#timer !== null;
  }

  await(): void {
    this.#latestAt = performance.now() + longestMs;
    this.#endIn(longestMs);
  }

  /** There was something. */
  disturb(): void {
    if (this.#timer !== null) this.#endIn(Math.min(quietMs, this.#latestAt - performance.now()));
  }

  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #endIn(ms: number): void {
    this.cancel();
    this.#timer = setTimeout(() => this.#end(), Math.max(0, ms));
  }

  #end(): void {
    this.#timer = null;
    this.#onLull();
  }
}
