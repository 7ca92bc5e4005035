/**
 * How an isolate's counts reach Redis: gathered in memory, sent by the request that comes first after a quiet while,
 * in what it may do after its answer. No request waits for that, and a Redis that is down costs nobody anything.
 */
import { Meter } from "../rules/meter.ts";
import { addCounts, type Batch } from "./counts.ts";
import type { Redis } from "./redis.ts";

/** Shorter than Redis remembers a batch: an old one that may have arrived is given up rather than counted twice. */
const giveUpAfterMs = 30 * 60_000;
/** A request whose work was cut short does not keep others from sending. */
const lostAfterIntervals = 3;

export interface GatheringOptions {
  /** Without a scraper nothing is sent. */
  isScraped: boolean;
  /** Counts wait this long for others to join them, and are sent no more often. */
  flushAfterMs: number;
  newId(): string;
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

export class Gathering {
  readonly meter = new Meter();
  readonly #redis: Redis;
  readonly #options: GatheringOptions;
  #scheduledAtMs: number | null = null;
  /** Cut, and not known to have arrived. */
  #pending: Batch | null = null;

  constructor(redis: Redis, options: GatheringOptions) {
    this.#redis = redis;
    this.#options = options;
  }

  /**
   * The work of sending what has been gathered, for the caller's `waitUntil`; null when there is nothing or when
   * another request has taken it upon itself. What is counted until then goes with it, so that nothing stays behind
   * when no request follows. Rejects when Redis does not answer: the counts wait for the next time.
   */
  flushLater(): Promise<void> | null {
    const { isScraped, flushAfterMs, nowMs, sleep } = this.#options;
    const scheduledAt = this.#scheduledAtMs;
    const isUnderWay = scheduledAt !== null && nowMs() - scheduledAt < flushAfterMs * lostAfterIntervals;
    if (!isScraped || isUnderWay || (this.meter.isEmpty && this.#pending === null)) return null;
    this.#scheduledAtMs = nowMs();
    return sleep(flushAfterMs).then(() => {
      this.#scheduledAtMs = null;
      return this.flush();
    });
  }

  /** Sends what an earlier time could not, then what was gathered since. */
  async flush(): Promise<void> {
    for (let batch = this.#next(); batch !== null; batch = this.#next()) {
      await addCounts(this.#redis, batch);
      if (this.#pending === batch) this.#pending = null;
    }
  }

  #next(): Batch | null {
    const { newId, nowMs } = this.#options;
    if (this.#pending !== null && nowMs() - this.#pending.cutAtMs > giveUpAfterMs) this.#pending = null;
    if (this.#pending === null && !this.meter.isEmpty) {
      this.#pending = { id: newId(), deltas: this.meter.take(), cutAtMs: nowMs() };
    }
    return this.#pending;
  }
}
