/**
 * The right to act on environments, as this process's own clock sees it: given by the cluster, and good for as long as the
 * cluster has answered of late. By the time it is given to another bridge this one has stopped, also if it cannot know.
 */
import { timing } from "../durable-objects/protocol/timing.ts";

/** A moment by both clocks: one stands still while the machine sleeps, the other may be set. */
export interface Moment {
  monotonicMs: number;
  wallMs: number;
}

export function thisMoment(): Moment {
  return { monotonicMs: performance.now(), wallMs: Date.now() };
}

export interface LeaseEvents {
  onGained(): void;
  onLost(): void;
}

export class Lease {
  readonly #events: LeaseEvents;
  #isGranted = false;
  /** When the newest of our signs that was answered was sent. */
  #answered: Moment | null = null;
  /** Of what is done while it is held. */
  #held: AbortController | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(events: LeaseEvents) {
    this.#events = events;
  }

  /** Whether the cluster has answered of late: what it said then still holds. */
  get isInTouch(): boolean {
    return this.#answered !== null && leftMs(this.#answered) > 0;
  }

  get isHeld(): boolean {
    return this.#isGranted && this.isInTouch;
  }

  /** Aborted when what is done on the lease now has to end; aborted already if it is not held. */
  get signal(): AbortSignal {
    return this.#held?.signal ?? AbortSignal.abort();
  }

  /** The cluster has given it, or taken it back. */
  grant(isGranted: boolean): void {
    this.#isGranted = isGranted;
    this.#look();
  }

  /** A sign of ours that was sent then was answered. */
  answered(at: Moment): void {
    this.#answered = at;
    this.#look();
  }

  #look(): void {
    clearTimeout(this.#timer);
    if (!this.isHeld) {
      this.#end();
      return;
    }
    if (this.#answered !== null) this.#timer = setTimeout(() => this.#look(), leftMs(this.#answered)).unref();
    if (this.#held !== null) return;
    this.#held = new AbortController();
    this.#events.onGained();
  }

  #end(): void {
    if (this.#held === null) return;
    this.#held.abort(new Error("The lease is over"));
    this.#held = null;
    this.#events.onLost();
  }
}

function leftMs(at: Moment): number {
  const now = thisMoment();
  return timing.leaseMs - Math.max(now.monotonicMs - at.monotonicMs, now.wallMs - at.wallMs);
}
