/** Sliding-window counters in Redis (@upstash/ratelimit), and what they answer when Redis does not. */
import { Ratelimit } from "@upstash/ratelimit";
import type { Redis } from "./redis.ts";

export interface CounterQuestion {
  /** Which limit; part of the key. */
  name: string;
  /** Who is counted; holds no personal data beyond an address. */
  key: string;
  limit: number;
  windowSeconds: number;
  timeoutMs: number;
}

export type CounterAnswer =
  | { kind: "counted"; isAllowed: boolean; limit: number; remaining: number; resetAtMs: number }
  /** Redis was down or too slow; nothing is known. */
  | { kind: "silent"; reason: string };

const limiters = new WeakMap<Redis, Map<string, Ratelimit>>();

/** Counts one request and tells how many are left. Never throws. */
export async function countRequest(redis: Redis, question: CounterQuestion): Promise<CounterAnswer> {
  try {
    const answer = await limiterFor(redis, question).limit(question.key);
    if (answer.reason === "timeout") return { kind: "silent", reason: "timeout" };
    const { success: isAllowed, limit, remaining, reset: resetAtMs } = answer;
    return { kind: "counted", isAllowed, limit, remaining, resetAtMs };
  } catch (error) {
    return { kind: "silent", reason: error instanceof Error ? error.name : "unknown" };
  }
}

/** Takes one counted request back. Never throws; tells whether Redis heard it. */
export async function uncountRequest(redis: Redis, question: CounterQuestion): Promise<boolean> {
  try {
    const answer = await limiterFor(redis, question).limit(question.key, { rate: -1 });
    return answer.reason !== "timeout";
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

/** One limiter for each limit and size; blocked keys are not remembered, so that a refund counts at once. */
function limiterFor(redis: Redis, { name, limit, windowSeconds, timeoutMs }: CounterQuestion): Ratelimit {
  const known = limiters.get(redis) ?? new Map<string, Ratelimit>();
  limiters.set(redis, known);
  const id = `${name}:${limit}`;
  const existing = known.get(id);
  if (existing !== undefined) return existing;
  const made = new Ratelimit({
    redis,
    limiter: Ratelimit.slidingWindow(limit, `${windowSeconds} s`),
    prefix: `limit:${name}`,
    timeout: timeoutMs,
    ephemeralCache: false,
    analytics: false,
    enableTelemetry: false,
  });
  known.set(id, made);
  return made;
}
