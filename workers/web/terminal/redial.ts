/**
 * When to dial again (terminal.md, "Dialling again"): soon after the first cut, then with full jitter and growing
 * gaps, so that a deploy which cuts everybody is not answered by everybody at once. Clock and randomness come in.
 */
import { timing } from "../../../durable-objects/protocol/timing.ts";

/**
 * The wait before dial number `attempt` after a cut, in milliseconds; `random` gives 0 <= x < 1. Where `sockets` were at
 * the terminal all of them may have been cut, and those beside this one are given their time.
 */
export function redialDelayMs(attempt: number, random: () => number, sockets = 1): number {
  if (attempt === 0) {
    const othersMs = ((sockets - 1) / timing.redialsPerSecond) * 1_000;
    return random() * timing.redialFirstMaxMs + random() * othersMs;
  }
  const ceilingMs = Math.min(timing.redialMaxMs, timing.redialMinMs * 2 ** attempt);
  return timing.redialMinMs + random() * (ceilingMs - timing.redialMinMs);
}

export interface Redial {
  /** The connection is gone: dials after the delay this returns, in milliseconds. */
  lost(): number;
  /** The connection is good. Only one that stays so for a while makes the next wait short again. */
  held(): void;
  /** So many sockets are at the terminal now. */
  among(sockets: number): void;
  /** Ends a wait: dials at once. Does nothing when no dial is waiting. */
  hurry(): void;
  stop(): void;
}

/** Plans the calls of `dial`. */
export function createRedial(dial: () => void, random: () => number): Redial {
  let attempt = 0;
  let sockets = 1;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let steady: ReturnType<typeof setTimeout> | undefined;

  function stop(): void {
    clearTimeout(waiting);
    clearTimeout(steady);
    waiting = undefined;
  }

  function dialNow(): void {
    stop();
    dial();
  }

  return {
    lost() {
      stop();
      const delayMs = redialDelayMs(attempt, random, sockets);
      attempt += 1;
      waiting = setTimeout(dialNow, delayMs);
      return delayMs;
    },
    held() {
      clearTimeout(steady);
      steady = setTimeout(() => {
        attempt = 0;
      }, timing.redialMaxMs);
    },
    among(count) {
      sockets = count;
    },
    hurry() {
      if (waiting !== undefined) dialNow();
    },
    stop,
  };
}
