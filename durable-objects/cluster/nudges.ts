/**
 * The news that the desired state has changed, told at most once in `timing.nudgeGapMs`: the first of a busy time at once, the
 * last at its end. One that waits outlives the memory; when the last one was told does not, and then one more is told at once.
 */
import { timing } from "../protocol/timing.ts";
import type { Facts } from "./facts.ts";

export interface Nudge {
  /** Of the desired list. */
  revision: string;
  /** The request that changed it. */
  requestId?: string | undefined;
}

type WaitingNudge = Nudge & { dueAt: number };

export interface NudgeEvents {
  tell(nudge: Nudge): void;
  /** `flush` is due at `dueAt()`. */
  onDue(): void;
}

export class Nudges {
  readonly #facts: Facts;
  readonly #events: NudgeEvents;
  #toldAt = 0;

  constructor(facts: Facts, events: NudgeEvents) {
    this.#facts = facts;
    this.#events = events;
  }

  /** Tells it now, or later in place of whatever waits. */
  take(nudge: Nudge): void {
    const dueAt = this.#toldAt + timing.nudgeGapMs;
    if (dueAt <= Date.now()) {
      this.#tell(nudge);
      return;
    }
    this.#facts.set("nudge", JSON.stringify({ ...nudge, dueAt } satisfies WaitingNudge));
    this.#events.onDue();
  }

  /** Tells what waits, if anything does. */
  flush(): void {
    const nudge = this.#waiting();
    this.#facts.clear("nudge");
    if (nudge !== null) this.#tell(nudge);
  }

  /** When `flush` has something to do (ms since the epoch); infinite for never. */
  dueAt(): number {
    return this.#waiting()?.dueAt ?? Number.POSITIVE_INFINITY;
  }

  #tell(nudge: Nudge): void {
    this.#toldAt = Date.now();
    this.#events.tell(nudge);
  }

  #waiting(): WaitingNudge | null {
    return JSON.parse(this.#facts.get("nudge") ?? "null");
  }
}
