/** Waits for something to become true that only changes when somebody says so. */

export class Waiting {
  readonly #looks = new Set<() => void>();

  /** Something may have become true. */
  changed(): void {
    for (const look of [...this.#looks]) look();
  }

  /** Resolves with whether it became true within the time; rejects when the signal ends it. */
  async until(condition: () => boolean, withinMs: number, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    if (condition()) return true;
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const look = () => condition() && resolve(true);
    const abort = () => reject(signal.reason);
    const timer = setTimeout(() => resolve(condition()), withinMs);
    this.#looks.add(look);
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#looks.delete(look);
      signal.removeEventListener("abort", abort);
    }
  }
}
