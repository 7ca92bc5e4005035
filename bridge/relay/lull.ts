/** Waits for a moment without bytes, but not for ever: then the answer to an interrupt is on the screen. */

const quietMs = 30;
const longestMs = 250;

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
    this.#restart();
  }

  /** There was something. */
  disturb(): void {
    if (this.#timer !== null) this.#restart();
  }

  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #restart(): void {
    this.cancel();
    const waitMs = Math.min(quietMs, this.#latestAt - performance.now());
    this.#timer = setTimeout(() => this.#end(), Math.max(0, waitMs));
  }

  #end(): void {
    this.#timer = null;
    this.#onLull();
  }
}
