/**
 * How often somebody may try passwords, codes and mailed tokens. These limits never open: when Redis does not answer,
 * a second counter, in this isolate's memory, takes over.
 */
import {
  type CounterAnswer,
  type CounterQuestion,
  countRequest,
  peekCount,
  uncountRequest,
} from "../clients/limiter.ts";
import { limitKeyOf } from "../rules/addresses.ts";
import { newAttemptCounter } from "../rules/attempt-counter.ts";
import { Failed } from "../rules/failures.ts";
import { hashOf } from "../rules/tokens.ts";
import type { Deps } from "./deps.ts";
import { hourSeconds, question, secondsUntil } from "./limits.ts";

/** Who tries from where: an account by its id, or a name that somebody typed. */
export interface Attempt {
  subject: string;
  address: string;
}

/** An attempt with credentials that was counted; a success gives it back. */
export interface CredentialAttempt {
  succeed(): Promise<void>;
}

const memory = newAttemptCounter();

/**
 * Counts an attempt against its subject, the pair and the address before its outcome is known. Fails as
 * `too_many_requests` when one of them has had its share. A null subject counts the address only.
 */
export async function beginCredentialAttempt(
  deps: Deps,
  { subject, address }: { subject: string | null; address: string },
): Promise<CredentialAttempt> {
  const perSubject = subject === null ? [] : failureCounters(deps, { subject, address });
  const counters = [addressCounter(deps, address), ...perSubject];
  refuseOver(deps, await Promise.all(counters.map((counter) => countedUntil(deps, counter))));
  return { succeed: () => giveBack(deps, counters) };
}

/**
 * Counts a request after which a mail may go out, whether or not it does, for its address and hour. Fails as
 * `too_many_requests`.
 */
export async function countMail(deps: Deps, address: string): Promise<void> {
  const { mailsPerAddressPerHour: perHour } = deps.config.limits;
  const counter = { ...question(deps, "mail-address", limitKeyOf(address), perHour), windowSeconds: hourSeconds };
  refuseOver(deps, [await countedUntil(deps, counter)], "mails");
}

/** Counts a mail that somebody sends to an address of their choice, for themselves and for where they are. */
export async function countInvitation(deps: Deps, userId: string, address: string): Promise<void> {
  await countMail(deps, address);
  const { mailsPerAddressPerHour: perHour } = deps.config.limits;
  const counter = { ...question(deps, "mail-user", userId, perHour), windowSeconds: hourSeconds };
  refuseOver(deps, [await countedUntil(deps, counter)], "mails");
}

/** Refuses to look at credentials while their subject has failed too often. Counts nothing. */
export async function refuseExhausted(deps: Deps, attempt: Attempt): Promise<void> {
  const counters = failureCounters(deps, attempt);
  refuseOver(deps, await Promise.all(counters.map((counter) => exhaustedUntil(deps, counter))));
}

/**
 * Counts an attempt that has failed, so that any number of right ones at once are no attack. Fails as
 * `too_many_requests` when it was one too many: then not even its failure is told.
 */
export async function countFailure(deps: Deps, attempt: Attempt): Promise<void> {
  const counters = failureCounters(deps, attempt);
  refuseOver(deps, await Promise.all(counters.map((counter) => countedUntil(deps, counter))));
}

function addressCounter(deps: Deps, address: string): CounterQuestion {
  const { credentialAttemptsPerAddressPerMinute: attempts } = deps.config.limits;
  return question(deps, "credential-address", limitKeyOf(address), attempts);
}

function failureCounters(deps: Deps, attempt: Attempt): CounterQuestion[] {
  const { credentialFailuresPerMinute: failures } = deps.config.limits;
  const subject = hashOf(attempt.subject);
  return [
    question(deps, "credential-account", subject, failures),
    question(deps, "credential-pair", `${limitKeyOf(attempt.address)}/${subject}`, failures),
  ];
}

function refuseOver(deps: Deps, refusals: readonly (number | null)[], what: "attempts" | "mails" = "attempts"): void {
  const resetAtMs = Math.max(...refusals.map((refusal) => refusal ?? 0));
  if (resetAtMs === 0) return;
  const retryAfterSeconds = secondsUntil(new Date(resetAtMs), deps.now());
  throw new Failed({ kind: "too_many_requests", what, retryAfterSeconds });
}

/** Counts, and tells when a refused attempt may be repeated, in milliseconds; null when this one is allowed. */
async function countedUntil(deps: Deps, counter: CounterQuestion): Promise<number | null> {
  return refusedUntil(deps, counter, await countRequest(deps.redis, counter), memory.take);
}

async function exhaustedUntil(deps: Deps, counter: CounterQuestion): Promise<number | null> {
  return refusedUntil(deps, counter, await peekCount(deps.redis, counter), memory.peek);
}

function refusedUntil(deps: Deps, counter: CounterQuestion, answer: CounterAnswer, askMemory: typeof memory.take) {
  if (answer.kind === "silent") {
    deps.log("warn", "limiter is silent, counting in memory", { limit: counter.name, reason: answer.reason });
  }
  const known = answer.kind === "counted" ? answer : askMemory(memoryKey(counter), counter.limit, deps.now());
  return known.isAllowed ? null : known.resetAtMs;
}

async function giveBack(deps: Deps, counters: readonly CounterQuestion[]): Promise<void> {
  for (const counter of counters) memory.giveBack(memoryKey(counter));
  await Promise.all(counters.map((counter) => uncountRequest(deps.redis, counter)));
}

function memoryKey(counter: CounterQuestion): string {
  return `${counter.name}:${counter.key}`;
}
