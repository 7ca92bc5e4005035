/** Applies sizes in the bridge's time: debounced, at most one a second unless somebody is alone with the terminal. null: nobody
 * asks for one any more. */
import { timing } from "../../durable-objects/protocol/timing.ts";
import type { TerminalSize } from "../runtime/runtime.ts";

export class Resizer {
  readonly #apply: (size: TerminalSize | null) => void;
  #timer: NodeJS.Timeout | null = null;
  #appliedAt = Number.NEGATIVE_INFINITY;
  #isFirst = true;

  constructor(apply: (size: TerminalSize | null) => void) {
    this.#apply = apply;
  }

  /** Asks for a size; the newest one counts. The first one after `reset` waits for nothing. */
  ask(size: TerminalSize | null, isAlone: boolean): void {
    this.#clear();
    const gapMs = isAlone ? 0 : this.#appliedAt + timing.minResizeGapMs - performance.now();
    const waitMs = this.#isFirst ? 0 : Math.max(timing.resizeDebounceMs, gapMs);
    this.#isFirst = false;
    if (waitMs === 0) this.#now(size);
    else this.#timer = setTimeout(() => this.#now(size), waitMs);
  }

  /** Somebody new watches: their first size is applied at once. */
  reset(): void {
    this.#clear();
    this.#isFirst = true;
  }

  #now(size: TerminalSize | null): void {
    this.#timer = null;
    this.#appliedAt = performance.now();
    this.#apply(size);
  }

  #clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
