/**
 * Remembers which environments are being worked on and which failed, and when a step may be taken again: a failed one
 * after a growing time, one that worked and is needed again (a server that dies at once) likewise.
 */
import { type ObservedReason, reasonFacts } from "../../durable-objects/protocol/reasons.ts";
import { RuntimeFailure } from "../runtime/runtime.ts";
import type { Failure } from "./plan.ts";

const firstRetryMs = 2_000;
const maxRetryMs = 300_000;
const firstRepeatMs = 500;
/** A step that held this long was a good one. */
const heldMs = 60_000;

/** What may be tried again: this kind of step for this generation. */
export interface Step {
  environmentId: string;
  kind: string;
  generation: number;
}

interface Last {
  step: Step;
  isFailure: boolean;
  count: number;
  endedAtMs: number;
  nextAtMs: number;
}

export class Attempts {
  readonly failures = new Map<string, Failure>();
  readonly #underWay = new Set<string>();
  readonly #last = new Map<string, Last>();

  get countUnderWay(): number {
    return this.#underWay.size;
  }

  /** Whether this step may be taken now. */
  mayTry(step: Step): boolean {
    if (this.#underWay.has(step.environmentId)) return false;
    const last = this.#last.get(step.environmentId);
    return last === undefined || !isSame(last.step, step) || performance.now() >= last.nextAtMs;
  }

  begin(environmentId: string): void {
    this.#underWay.add(environmentId);
  }

  /** Notes a success; returns the milliseconds until the same step may be taken again. */
  succeed(step: Step): number {
    this.failures.delete(step.environmentId);
    return this.#end(step, false);
  }

  /** The step was broken off and says nothing about what it was for. */
  drop({ environmentId }: Step): void {
    this.#underWay.delete(environmentId);
  }

  /** Notes a failure; returns the milliseconds until the next try. */
  fail(step: Step, error: unknown): number {
    this.failures.set(step.environmentId, { generation: step.generation, ...explain(error) });
    return this.#end(step, true);
  }

  #end(step: Step, isFailure: boolean): number {
    const { environmentId } = step;
    const now = performance.now();
    const last = this.#last.get(environmentId);
    const isRepeat = last !== undefined && isSame(last.step, step) && last.isFailure === isFailure;
    const count = isRepeat && now < last.nextAtMs + heldMs ? last.count + 1 : 0;
    const most = Math.min(maxRetryMs, (isFailure ? firstRetryMs : firstRepeatMs) * 2 ** count);
    const waitMs = most * (0.5 + Math.random() / 2);
    this.#underWay.delete(environmentId);
    this.#last.set(environmentId, { step, isFailure, count, endedAtMs: now, nextAtMs: now + waitMs });
    return waitMs;
  }

  /** Forgets what became of earlier steps: others may have taken some since. */
  forget(): void {
    this.keepOnly(new Set());
  }

  /** Forgets environments that are no longer desired. */
  keepOnly(environmentIds: ReadonlySet<string>): void {
    for (const map of [this.failures, this.#last]) {
      for (const id of map.keys()) if (!environmentIds.has(id)) map.delete(id);
    }
  }
}

function isSame(a: Step, b: Step): boolean {
  return a.kind === b.kind && a.generation === b.generation;
}

/** People are told what a runtime says on purpose; anything else is a bug and only logged. */
function explain(error: unknown): { message: string; reason: ObservedReason } {
  if (error instanceof RuntimeFailure) return { message: error.message, reason: error.reason };
  const reason = error instanceof Error && error.name === "TimeoutError" ? "deadline" : "internal";
  return { message: reasonFacts[reason].message, reason };
}
