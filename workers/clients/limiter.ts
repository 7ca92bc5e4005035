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
export function countRequest(redis: Redis, question: CounterQuestion): Promise<CounterAnswer> {
  return ask(redis, question, 1);
}

/** Tells whether one more request would be allowed, without counting one. Never throws. */
export async function peekCount(redis: Redis, question: CounterQuestion): Promise<CounterAnswer> {
  const answer = await ask(redis, question, 0);
  return answer.kind === "counted" ? { ...answer, isAllowed: answer.remaining > 0 } : answer;
}

/** Takes one counted request back. Never throws; tells whether Redis heard it. */
export async function uncountRequest(redis: Redis, question: CounterQuestion): Promise<boolean> {
  const answer = await ask(redis, question, -1);
  return answer.kind === "counted";
}

async function ask(redis: Redis, question: CounterQuestion, rate: number): Promise<CounterAnswer> {
  try {
    const answer = await limiterFor(redis, question).limit(question.key, { rate });
    if (answer.reason === "timeout") return { kind: "silent", reason: "timeout" };
    const { success: isAllowed, limit, remaining, reset: resetAtMs } = answer;
    return { kind: "counted", isAllowed, limit, remaining, resetAtMs };
  } catch (error) {
    return { kind: "silent", reason: error instanceof Error ? error.name : "unknown" };
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
