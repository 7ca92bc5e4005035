/** Remembers which environments are being worked on and which failed, and when those may be tried again. */
import { RuntimeFailure } from "../runtime/runtime.ts";
import type { Failure } from "./plan.ts";

const firstRetryMs = 2_000;
const maxRetryMs = 300_000;

export class Attempts {
  readonly failures = new Map<string, Failure>();
  readonly #underWay = new Set<string>();
  readonly #retries = new Map<string, { count: number; atMs: number; generation: number }>();

  get countUnderWay(): number {
    return this.#underWay.size;
  }

  /** Whether a step of this environment may be taken now. */
  mayTry(environmentId: string, generation: number | null): boolean {
    if (this.#underWay.has(environmentId)) return false;
    const retry = this.#retries.get(environmentId);
    return retry === undefined || retry.generation !== generation || performance.now() >= retry.atMs;
  }

  begin(environmentId: string): void {
    this.#underWay.add(environmentId);
  }

  succeed(environmentId: string): void {
    this.#underWay.delete(environmentId);
    this.#retries.delete(environmentId);
    this.failures.delete(environmentId);
  }

  /** Notes a failure; returns the milliseconds until the next try. */
  fail(environmentId: string, generation: number, error: unknown): number {
    this.#underWay.delete(environmentId);
    const before = this.#retries.get(environmentId);
    const count = before?.generation === generation ? before.count + 1 : 0;
    const waitMs = Math.min(maxRetryMs, firstRetryMs * 2 ** count) * (0.5 + Math.random() / 2);
    this.#retries.set(environmentId, { count, atMs: performance.now() + waitMs, generation });
    this.failures.set(environmentId, { generation, ...explain(error) });
    return waitMs;
  }

  /** Forgets environments that are no longer desired. */
  keepOnly(environmentIds: ReadonlySet<string>): void {
    for (const map of [this.failures, this.#retries]) {
      for (const id of map.keys()) if (!environmentIds.has(id)) map.delete(id);
    }
  }
}

/** People are told what a runtime says on purpose; anything else is a bug and only logged. */
function explain(error: unknown): { message: string; reason: string } {
  if (error instanceof RuntimeFailure) return { message: error.message, reason: error.code };
  if (error instanceof Error && error.name === "TimeoutError") {
    return { message: "The environment could not be brought about in time", reason: "deadline" };
  }
  return { message: "The environment could not be brought about", reason: "internal" };
}
