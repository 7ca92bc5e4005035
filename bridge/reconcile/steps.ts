/**
 * Takes the steps of plans: of one environment one at a time, of all no more at once than the runtime bears, and none without
 * the lease, with whose end those under way are broken off. What became of each is remembered (Attempts), so that what fails
 * is tried again after a growing time and is no other environment's trouble.
 */
import type { DesiredEnvironment } from "../../durable-objects/protocol/bridge-api.ts";
import type { Action } from "../runtime/runtime.ts";
import { Attempts, type Step } from "./attempts.ts";
import type { LoopOptions } from "./loop.ts";
import type { Failure } from "./plan.ts";

const stepDeadlineMs = 120_000;

export class Steps {
  readonly #options: Pick<LoopOptions, "runtime" | "lease" | "log" | "meter">;
  readonly #onTaken: (againInMs: number) => void;
  readonly #attempts = new Attempts();

  /** `onTaken` is told of the end of every step that was not broken off, and when the same one may be taken again. */
  constructor(options: Pick<LoopOptions, "runtime" | "lease" | "log" | "meter">, onTaken: (againInMs: number) => void) {
    this.#options = options;
    this.#onTaken = onTaken;
  }

  /** Why the last step of an environment failed, by its id; of one that went well nothing. */
  get failures(): ReadonlyMap<string, Failure> {
    return this.#attempts.failures;
  }

  /** Begins a step towards what is desired if it may be taken now. `requestId` names the request that changed that last, for
   * the log. */
  begin(action: Action, desired: readonly DesiredEnvironment[], requestId: string | undefined): void {
    const { runtime, lease } = this.#options;
    const environmentId = "environment" in action ? action.environment.id : action.environmentId;
    const generation = desired.find(({ id }) => id === environmentId)?.generation ?? 0;
    const step = { environmentId, kind: action.kind, generation };
    if (this.#attempts.countUnderWay >= runtime.maxStepsAtOnce || !this.#attempts.mayTry(step)) return;
    if (!lease.isHeld) return;
    this.#attempts.begin(environmentId);
    void this.#take(action, step, requestId);
  }

  /** Forgets environments that are no longer desired. */
  keepOnly(environmentIds: ReadonlySet<string>): void {
    this.#attempts.keepOnly(environmentIds);
  }

  /** Forgets what became of earlier steps: others may have taken some since. */
  forget(): void {
    this.#attempts.forget();
  }

  async #take(action: Action, step: Step, requestId: string | undefined): Promise<void> {
    const { lease, log, meter } = this.#options;
    const leaseEnd = lease.signal;
    const beganAtMs = performance.now();
    const failure = await this.#failureOf(action, leaseEnd);
    const tookMs = performance.now() - beganAtMs;
    const { environmentId, kind, generation } = step;
    const whose = { request_id: requestId, environment_id: environmentId };
    const detail = { ...whose, action: kind, generation, duration_ms: Math.round(tookMs) };
    if (failure !== null && leaseEnd.aborted) {
      this.#attempts.drop(step);
      log("warn", "step broken off with the lease", detail);
      return;
    }
    meter.stepped(kind, tookMs / 1000, failure === null);
    if (failure === null) log("info", "step taken", detail);
    else log("warn", "step failed", { ...detail, error: String(failure.error) });
    this.#onTaken(failure === null ? this.#attempts.succeed(step) : this.#attempts.fail(step, failure.error));
  }

  /** What the runtime, the deadline or the end of the lease made of it; null: it was applied. */
  async #failureOf(action: Action, leaseEnd: AbortSignal): Promise<{ error: unknown } | null> {
    try {
      const deadline = AbortSignal.any([AbortSignal.timeout(stepDeadlineMs), leaseEnd]);
      await Promise.race([this.#options.runtime.apply(action, deadline), rejectOn(deadline)]);
      return null;
    } catch (error) {
      return { error };
    }
  }
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
