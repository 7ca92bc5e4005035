/**
 * Makes what is what is desired: pulls the whole list, observes, plans, applies, reports. Everything is looked at
 * again on every turn, so a lost nudge or event costs time and nothing else. A failed pull or report never changes
 * an environment, and the errors of one environment never stop the others. Of several bridges only the holder of the
 * lease does more than observe; each measures the environments it serves.
 */
import type { DesiredEnvironment, ObservedEnvironment, Telemetry } from "../../durable-objects/protocol/bridge-api.ts";
import type { LogDetail, LogLevel } from "../../durable-objects/protocol/log-line.ts";
import { timing } from "../../durable-objects/protocol/timing.ts";
import { type Action, type Runtime, RuntimeFailure } from "../runtime/runtime.ts";
import { Attempts, type Step } from "./attempts.ts";
import { Measuring } from "./measuring.ts";
import { plan, report } from "./plan.ts";
import { Reporter } from "./reporter.ts";

const observeEveryMs = 10_000;
const stepDeadlineMs = 120_000;
const firstRetryMs = 250;
const maxRetryMs = 10_000;

/** What the loop needs of the edge. */
export interface DesiredSource {
  /** The list, or null when it has not changed since the last one. */
  pull(): Promise<DesiredEnvironment[] | null>;
  /** The next list is sent whether or not it has changed. */
  forget(): void;
  report(observed: ObservedEnvironment[]): Promise<void>;
  telemetry(samples: Telemetry["samples"]): Promise<void>;
}

/** Told how the work goes, for metrics. */
export interface LoopMeter {
  observed(environments: readonly ObservedEnvironment[]): void;
  turned(seconds: number, isOk: boolean): void;
  stepped(action: string, seconds: number, isOk: boolean): void;
  failed(what: "pull" | "report" | "telemetry"): void;
}

/** The right to act (lease.ts). */
export interface RightToAct {
  readonly isHeld: boolean;
  /** Aborted when what is under way has to end. */
  readonly signal: AbortSignal;
}

export interface LoopOptions {
  runtime: Runtime;
  lease: RightToAct;
  /** Whether this bridge serves the environment, and so measures it. */
  isOurs: (environmentId: string) => boolean;
  source: DesiredSource;
  /** Told of every observation, before anything is done about it. */
  onObserved: (observed: ObservedEnvironment[]) => void;
  /** When somebody last typed into an environment or watched it, as far as is known. */
  lastAttended: (environmentId: string) => Date | null;
  /** Told after each turn what keeps it from its work, in words for those who run the cluster; null: nothing. */
  onTrouble: (message: string | null) => void;
  log: (level: LogLevel, msg: string, detail: LogDetail) => void;
  meter: LoopMeter;
}

export class ReconcileLoop {
  readonly #options: LoopOptions;
  readonly #attempts = new Attempts();
  readonly #reporter: Reporter;
  readonly #measuring: Measuring;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #waits = new Set<NodeJS.Timeout>();
  #desired: DesiredEnvironment[] | null = null;
  #isPullDue = false;
  #isTurnDue = false;
  #isTurning = false;
  #isStopped = false;
  #failedPulls = 0;
  #requestId: string | undefined;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#reporter = new Reporter((observed) => options.source.report(observed), {
      retryMs: () => Math.random() * maxRetryMs,
      onFailure: (error) => {
        options.meter.failed("report");
        options.log("warn", "report failed", { error: messageOf(error) });
      },
    });
    this.#measuring = new Measuring(options, () => this.#isStopped);
    options.runtime.onChange(() => this.look());
  }

  start(): void {
    this.#timers.push(setInterval(() => this.look(), observeEveryMs));
    this.#timers.push(setInterval(() => this.pull(), timing.desiredPullEveryMs));
    this.#timers.push(setInterval(() => void this.#measuring.measure(), timing.telemetryEveryMs));
    this.look();
  }

  /** The lease is ours now. What was desired when it was ours before may be long past. */
  lead(): void {
    this.#options.source.forget();
    this.#attempts.forget();
    this.#reporter.forget();
    this.pull();
  }

  /** The lease is not ours any more. */
  cease(): void {
    this.#desired = null;
    this.#reporter.stop();
  }

  /** The desired list may have changed; `requestId` names the request that changed it, for the log. */
  pull(requestId?: string): void {
    this.#isPullDue = true;
    this.#requestId = requestId;
    this.look();
  }

  /** The edge is there again: it is told everything once more. */
  connected(): void {
    this.#reporter.forget();
    this.pull();
  }

  /** What is may have changed. */
  look(): void {
    this.#isTurnDue = true;
    if (!this.#isTurning) void this.#turn();
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const wait of this.#waits) clearTimeout(wait);
    this.#reporter.stop();
  }

  async #turn(): Promise<void> {
    this.#isTurning = true;
    while (this.#isTurnDue && !this.#isStopped) {
      this.#isTurnDue = false;
      const begin = performance.now();
      try {
        if (this.#isPullDue && this.#options.lease.isHeld) await this.#pullNow();
        await this.#reconcile();
        this.#options.onTrouble(null);
        this.#options.meter.turned(secondsSince(begin), true);
      } catch (error) {
        this.#options.onTrouble(error instanceof RuntimeFailure ? error.message : "The cluster cannot be observed");
        this.#options.meter.turned(secondsSince(begin), false);
        this.#options.log("error", "reconcile turn failed", { error: messageOf(error) });
        this.#after(maxRetryMs, () => this.look());
      }
    }
    this.#isTurning = false;
  }

  async #pullNow(): Promise<void> {
    this.#isPullDue = false;
    const { signal } = this.#options.lease;
    try {
      const pulled = await this.#options.source.pull();
      this.#failedPulls = 0;
      if (pulled === null || signal.aborted) return;
      this.#desired = pulled;
      this.#attempts.keepOnly(new Set(pulled.map((each) => each.id)));
    } catch (error) {
      this.#options.meter.failed("pull");
      this.#options.log("warn", "pull failed", { error: messageOf(error) });
      this.#failedPulls += 1;
      const most = Math.min(maxRetryMs, firstRetryMs * 2 ** this.#failedPulls);
      this.#after(Math.random() * most, () => this.pull());
    }
  }

  async #reconcile(): Promise<void> {
    const observed = await this.#options.runtime.observe();
    this.#options.onObserved(observed);
    this.#options.meter.observed(observed);
    if (this.#desired === null || this.#isStopped || !this.#options.lease.isHeld) return;
    this.#options.runtime.tend?.(this.#desired, this.#options.lease.signal);
    this.#reporter.report(report(this.#desired, observed, this.#attempts.failures));
    for (const action of plan(this.#desired, observed)) this.#tryStep(action, this.#desired);
  }

  #tryStep(action: Action, desired: readonly DesiredEnvironment[]): void {
    const environmentId = "environment" in action ? action.environment.id : action.environmentId;
    const generation = desired.find((each) => each.id === environmentId)?.generation ?? 0;
    const step = { environmentId, kind: action.kind, generation };
    if (this.#attempts.countUnderWay >= this.#options.runtime.maxStepsAtOnce || !this.#attempts.mayTry(step)) return;
    if (!this.#options.lease.isHeld) return;
    this.#attempts.begin(environmentId);
    void this.#takeStep(action, step);
  }

  async #takeStep(action: Action, step: Step): Promise<void> {
    const { lease, log, meter, runtime } = this.#options;
    const begin = performance.now();
    const requestId = this.#requestId;
    const detail = () => ({
      request_id: requestId,
      environment_id: step.environmentId,
      action: step.kind,
      generation: step.generation,
      duration_ms: Math.round(performance.now() - begin),
    });
    let waitMs: number;
    const leaseEnd = lease.signal;
    try {
      const deadline = AbortSignal.any([AbortSignal.timeout(stepDeadlineMs), leaseEnd]);
      await Promise.race([runtime.apply(action, deadline), rejectOn(deadline)]);
      waitMs = this.#attempts.succeed(step);
      meter.stepped(step.kind, secondsSince(begin), true);
      log("info", "step taken", detail());
    } catch (error) {
      if (leaseEnd.aborted) {
        this.#attempts.drop(step);
        log("warn", "step broken off with the lease", detail());
        return;
      }
      waitMs = this.#attempts.fail(step, error);
      meter.stepped(step.kind, secondsSince(begin), false);
      log("warn", "step failed", { ...detail(), error: messageOf(error) });
    }
    this.#after(waitMs, () => this.look());
    this.look();
  }

  #after(waitMs: number, act: () => void): void {
    const wait = setTimeout(() => {
      this.#waits.delete(wait);
      act();
    }, waitMs);
    this.#waits.add(wait);
  }
}

function secondsSince(beginMs: number): number {
  return (performance.now() - beginMs) / 1000;
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
