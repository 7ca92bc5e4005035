/** How often somebody may ask. These limits open when Redis does not answer; those on credentials never do. */
import { type CounterQuestion, countRequest, uncountRequest } from "../clients/limiter.ts";
import { limitKeyOf } from "../rules/addresses.ts";
import { Failed } from "../rules/failures.ts";
import type { Principal } from "../rules/principal.ts";
import type { Deps } from "./deps.ts";

export interface LimitVerdict {
  isAllowed: boolean;
  limit: number;
  remaining: number;
  resetAt: Date;
}

const minuteSeconds = 60;
export const hourSeconds = 3600;
const scrapesPerMinute = 60;

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

/** A counter of this minute. */
export function question(deps: Deps, name: string, key: string, perMinute: number): CounterQuestion {
  return { name, key, limit: perMinute, windowSeconds: minuteSeconds, timeoutMs: deps.config.redis.timeoutMs };
}
