/**
 * What is desired of the cluster, as it was pulled last under this lease. A pull that fails changes nothing and is due again
 * after a growing time, with jitter.
 */
import type { DesiredEnvironment } from "../../durable-objects/protocol/bridge-api.ts";
import type { LoopOptions } from "./loop.ts";

const firstRetryMs = 250;
const maxRetryMs = 10_000;

export interface DesiredListEvents {
  /** There is a new list. */
  onPulled(environmentIds: ReadonlySet<string>): void;
  onFailed(retryInMs: number): void;
}

export class DesiredList {
  readonly #options: Pick<LoopOptions, "source" | "lease" | "log" | "meter">;
  readonly #events: DesiredListEvents;
  #environments: DesiredEnvironment[] | null = null;
  #isStale = false;
  #failedPulls = 0;
  #requestId: string | undefined;

  constructor(options: Pick<LoopOptions, "source" | "lease" | "log" | "meter">, events: DesiredListEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** Null: not known. */
  get environments(): readonly DesiredEnvironment[] | null {
    return this.#environments;
  }

  /** Names the request that changed it last, where that is known. */
  get requestId(): string | undefined {
    return this.#requestId;
  }

  /** It may have changed, by this request. */
  expectChange(requestId?: string): void {
    this.#isStale = true;
    this.#requestId = requestId;
  }

  /** Whoever has the lease now may change it: it is not known any more. */
  forget(): void {
    this.#environments = null;
  }

  /** Pulls it if it may have changed and is ours to act on. What comes after the end of the lease is dropped. */
  async refresh(): Promise<void> {
    const { lease } = this.#options;
    if (!this.#isStale || !lease.isHeld) return;
    this.#isStale = false;
    const { signal } = lease;
    try {
      const pulled = await this.#options.source.pull();
      this.#failedPulls = 0;
      if (pulled === null || signal.aborted) return;
      this.#environments = pulled;
      this.#events.onPulled(new Set(pulled.map(({ id }) => id)));
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#options.meter.failed("pull");
    this.#options.log("warn", "pull failed", { error: String(error) });
    this.#failedPulls += 1;
    this.#events.onFailed(Math.random() * Math.min(maxRetryMs, firstRetryMs * 2 ** this.#failedPulls));
  }
}
