/** What is given up a while after nobody needed it any more, unless somebody does again. */
export class Farewells {
  readonly #keptMs: number;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(keptMs: number) {
    this.#keptMs = keptMs;
  }

  /** Gives it up later; who is leaving already leaves no later for it. */
  begin(name: string, giveUp: () => void): void {
    if (this.#timers.has(name)) return;
    const timer = setTimeout(() => {
      this.#timers.delete(name);
      giveUp();
    }, this.#keptMs);
    this.#timers.set(name, timer.unref());
  }

  /** Whether it is about to be given up. */
  has(name: string): boolean {
    return this.#timers.has(name);
  }

  /** It stays, or is gone already. */
  cancel(name: string): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  cancelAll(): void {
    for (const name of [...this.#timers.keys()]) this.cancel(name);
  }
}
