/**
 * Applies limits to requests and tells them in headers. A read runs beside its limiter and its answer is thrown
 * away when the limiter says no; a write waits, so that nothing happens over the limit.
 */
import type { Next } from "hono";
import { type LimitVerdict, limitAddress, secondsUntil } from "../domain/limits.ts";
import { Failed } from "../rules/failures.ts";
import { changeHeaders } from "./answer-headers.ts";
import { addressOf } from "./client-address.ts";
import type { AppContext, AppMiddleware } from "./context.ts";
import { describes } from "./describing.ts";

const windowSeconds = 60;

/** What the document says of a route with a limit. */
export const toldLimit = {
  problems: { 429: "Too many requests" },
  headers: ["RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"],
};

/** For routes that anybody may call: counts by address. */
export const limitedByAddress: AppMiddleware = describes(
  (c, next) => limitedBy(c, next, limitAddress(c.var.deps, addressOf(c))),
  toldLimit,
);

/** Goes on if the limiter allows it; fails as `too_many_requests` otherwise. */
export async function limitedBy(c: AppContext, next: Next, asked: Promise<LimitVerdict>): Promise<void> {
  const isRead = c.req.method === "GET" || c.req.method === "HEAD";
  const verdict = isRead ? await beside(next, asked) : await asked;
  c.set("limit", verdict);
  if (!verdict.isAllowed) {
    c.res = undefined;
    throw tooMany(c, verdict);
  }
  if (!isRead) await next();
}

/** Tells a limit in the customary headers and in those of the IETF draft (ratelimit-headers-10). */
export const limitHeaders: AppMiddleware = async (c, next) => {
  await next();
  const verdict = c.var.limit;
  if (verdict === undefined || c.res.status === 101) return;
  const secondsLeft = secondsUntil(verdict.resetAt, c.var.deps.now());
  changeHeaders(c, (headers) => {
    headers.set("X-RateLimit-Limit", String(verdict.limit));
    headers.set("X-RateLimit-Remaining", String(verdict.remaining));
    headers.set("X-RateLimit-Reset", String(Math.ceil(verdict.resetAt.getTime() / 1000)));
    headers.set("RateLimit-Policy", `"default";q=${verdict.limit};w=${windowSeconds}`);
    headers.set("RateLimit", `"default";r=${verdict.remaining};t=${secondsLeft}`);
  });
};

async function beside(next: Next, asked: Promise<LimitVerdict>): Promise<LimitVerdict> {
  const [verdict] = await Promise.all([asked, next()]);
  return verdict;
}

function tooMany(c: AppContext, verdict: LimitVerdict): Failed {
  const retryAfterSeconds = secondsUntil(verdict.resetAt, c.var.deps.now());
  return new Failed({ kind: "too_many_requests", what: "requests", retryAfterSeconds });
}
