/**
 * Counts attempts in the memory of one isolate: the second counter of credential limits, for when Redis does not
 * answer. Fixed windows, bounded in size; the clock is an argument.
 */
import { newBoundedMap } from "./bounded-map.ts";

const windowMs = 60_000;
const maxKeys = 10_000;

interface Window {
  startedAtMs: number;
  count: number;
}

export interface AttemptCounter {
  /** Counts one attempt and tells whether it is within `limit` a minute, and when the minute ends. */
  take(key: string, limit: number, now: Date): { isAllowed: boolean; resetAtMs: number };
  /** The same without counting one. */
  peek(key: string, limit: number, now: Date): { isAllowed: boolean; resetAtMs: number };
  /** Gives an attempt back. */
  giveBack(key: string): void;
}

/** A counter that remembers the newest 10,000 keys. */
export function newAttemptCounter(): AttemptCounter {
  const windows = newBoundedMap<Window>(maxKeys);

  function currentWindow(key: string, nowMs: number): Window {
    const known = windows.get(key);
    if (known !== undefined && nowMs < known.startedAtMs + windowMs) return known;
    const fresh = { startedAtMs: nowMs, count: 0 };
    windows.set(key, fresh);
    return fresh;
  }

  return {
    take(key, limit, now) {
      const window = currentWindow(key, now.getTime());
      const isAllowed = window.count < limit;
      if (isAllowed) window.count += 1;
      return { isAllowed, resetAtMs: window.startedAtMs + windowMs };
    },
    peek(key, limit, now) {
      const window = currentWindow(key, now.getTime());
      return { isAllowed: window.count < limit, resetAtMs: window.startedAtMs + windowMs };
    },
    giveBack(key) {
      const window = windows.get(key);
      if (window !== undefined) window.count = Math.max(0, window.count - 1);
    },
  };
}
