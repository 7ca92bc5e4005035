/** When snapshots are due. One answers everything that is due when it is taken; what may only come later gets its own. */

/** Questions for nearly the same moment share one. */
const gridMs = 10;

export class Agenda {
  readonly #take: () => void;
  readonly #dues = new Set<number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(take: () => void) {
    this.#take = take;
  }

  /** Takes one in so many milliseconds, no sooner. */
  ask(afterMs: number): void {
    if (afterMs <= 0) {
      this.#take();
      return;
    }
    this.#dues.add(Math.ceil((performance.now() + afterMs) / gridMs) * gridMs);
    this.#wait();
  }

  /** Whether one will be taken within this time anyway. */
  isDueWithin(ms: number): boolean {
    return Math.min(...this.#dues) <= performance.now() + ms;
  }

  clear(): void {
    this.#dues.clear();
    clearTimeout(this.#timer);
  }

  #wait(): void {
    clearTimeout(this.#timer);
    if (this.#dues.size === 0) return;
    const waitMs = Math.max(0, Math.min(...this.#dues) - performance.now());
    this.#timer = setTimeout(() => this.#due(), Math.ceil(waitMs));
  }

  #due(): void {
    const now = performance.now();
    const due = [...this.#dues].filter((at) => at <= now);
    for (const at of due) this.#dues.delete(at);
    this.#wait();
    if (due.length > 0) this.#take();
  }
}
