/**
 * How often somebody may ask. The general limit opens when Redis does not answer; the limit on credentials never
 * does: a second counter, in this isolate's memory, takes over.
 */
import { type CounterQuestion, countRequest, uncountRequest } from "../clients/limiter.ts";
import { limitKeyOf } from "../rules/addresses.ts";
import { newAttemptCounter } from "../rules/attempt-counter.ts";
import { Failed } from "../rules/failures.ts";
import type { Principal } from "../rules/principal.ts";
import { hashOf } from "../rules/tokens.ts";
import type { Deps } from "./deps.ts";

export interface LimitVerdict {
  isAllowed: boolean;
  limit: number;
  remaining: number;
  resetAt: Date;
}

const minuteSeconds = 60;
const hourSeconds = 3600;
const scrapesPerMinute = 60;
const memory = newAttemptCounter();

/** Counts a request of somebody who is not signed in. */
export function limitAddress(deps: Deps, address: string): Promise<LimitVerdict> {
  const perMinute = deps.config.limits.addressRequestsPerMinute;
  return generalVerdict(deps, "address", limitKeyOf(address), perMinute);
}

/** Counts a request for the metrics: a scraper asks a few times a minute, a guesser of its token more often. */
export function limitScrape(deps: Deps, address: string): Promise<LimitVerdict> {
  return generalVerdict(deps, "scrape", limitKeyOf(address), scrapesPerMinute);
}

/** Counts a request of a signed-in person, by their plan. */
export function limitUser(
  deps: Deps,
  { userId, requestsPerMinute }: Pick<Principal, "userId" | "requestsPerMinute">,
): Promise<LimitVerdict> {
  return generalVerdict(deps, "user", userId, requestsPerMinute);
}

/** Takes back one counted request of a person. */
export async function giveBackUser(
  deps: Deps,
  { userId, requestsPerMinute }: Pick<Principal, "userId" | "requestsPerMinute">,
): Promise<void> {
  await uncountRequest(deps.redis, question(deps, "user", userId, requestsPerMinute));
}

/** Seconds until a refused caller may ask again, at least one. */
export function secondsUntil(time: Date, now: Date): number {
  return Math.max(1, Math.ceil((time.getTime() - now.getTime()) / 1000));
}

/** An attempt with credentials that was counted; a success gives it back. */
export interface CredentialAttempt {
  succeed(): Promise<void>;
}

/**
 * Counts an attempt against an account (by its id, or by the name somebody typed) from an address. Fails as
 * `too_many_requests` when the account, the pair or the address has had its share.
 */
export async function beginCredentialAttempt(
  deps: Deps,
  attempt: { subject: string; address: string },
): Promise<CredentialAttempt> {
  const { credentialFailuresPerMinute: failures, credentialAttemptsPerAddressPerMinute: attempts } = deps.config.limits;
  const address = limitKeyOf(attempt.address);
  const subject = hashOf(attempt.subject);
  const counters = [
    question(deps, "credential-address", address, attempts),
    question(deps, "credential-account", subject, failures),
    question(deps, "credential-pair", `${address}/${subject}`, failures),
  ];
  const refusals = await Promise.all(counters.map((counter) => refusedUntil(deps, counter)));
  const resetAtMs = Math.max(...refusals.map((refusal) => refusal ?? 0));
  if (resetAtMs > 0) {
    const retryAfterSeconds = secondsUntil(new Date(resetAtMs), deps.now());
    throw new Failed({ kind: "too_many_requests", what: "attempts", retryAfterSeconds });
  }
  return { succeed: () => giveBack(deps, counters) };
}

/**
 * Counts the creation of an environment; the caller gives it back when nothing came of it. Fails as
 * `too_many_requests`; opens when Redis does not answer, for the plan's own limit still holds.
 */
export async function beginCreation(deps: Deps, userId: string): Promise<{ giveBack(): Promise<void> }> {
  const { environmentsPerHour: limit } = deps.config.limits;
  const counter = { ...question(deps, "creation", userId, limit), windowSeconds: hourSeconds };
  const answer = await countRequest(deps.redis, counter);
  if (answer.kind === "counted" && !answer.isAllowed) {
    const retryAfterSeconds = secondsUntil(new Date(answer.resetAtMs), deps.now());
    throw new Failed({ kind: "too_many_requests", what: "environments", retryAfterSeconds });
  }
  return {
    giveBack: async () => {
      await uncountRequest(deps.redis, counter);
    },
  };
}

async function generalVerdict(deps: Deps, name: string, key: string, perMinute: number): Promise<LimitVerdict> {
  const answer = await countRequest(deps.redis, question(deps, name, key, perMinute));
  if (answer.kind === "counted") return { ...answer, resetAt: new Date(answer.resetAtMs) };
  deps.log("warn", "limiter is silent, letting the request pass", { limit: name, reason: answer.reason });
  return {
    isAllowed: true,
    limit: perMinute,
    remaining: perMinute,
    resetAt: new Date(deps.now().getTime() + minuteSeconds * 1000),
  };
}

/** When a refused attempt may be repeated, in milliseconds, or null when this one is allowed. */
async function refusedUntil(deps: Deps, counter: CounterQuestion): Promise<number | null> {
  const answer = await countRequest(deps.redis, counter);
  if (answer.kind === "counted") return answer.isAllowed ? null : answer.resetAtMs;
  deps.log("warn", "limiter is silent, counting in memory", { limit: counter.name, reason: answer.reason });
  const { isAllowed, resetAtMs } = memory.take(memoryKey(counter), counter.limit, deps.now());
  return isAllowed ? null : resetAtMs;
}

async function giveBack(deps: Deps, counters: readonly CounterQuestion[]): Promise<void> {
  for (const counter of counters) memory.giveBack(memoryKey(counter));
  await Promise.all(counters.map((counter) => uncountRequest(deps.redis, counter)));
}

function question(deps: Deps, name: string, key: string, perMinute: number): CounterQuestion {
  return { name, key, limit: perMinute, windowSeconds: minuteSeconds, timeoutMs: deps.config.redis.timeoutMs };
}

function memoryKey(counter: CounterQuestion): string {
  return `${counter.name}:${counter.key}`;
}
