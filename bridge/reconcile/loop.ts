/**
 * Makes what is what is desired: pulls the whole list, observes, plans, applies, reports. Everything is looked at
 * again on every turn, so a lost nudge or event costs time and nothing else. A failed pull or report never changes
 * an environment, and the errors of one environment never stop the others. Of several bridges only the holder of the
 * lease does more than observe; each measures the environments it serves.
 */
import type { DesiredEnvironment, ObservedEnvironment, Telemetry } from "../../durable-objects/protocol/bridge-api.ts";
import type { LogDetail, LogLevel } from "../../durable-objects/protocol/log-line.ts";
import { timing } from "../../durable-objects/protocol/timing.ts";
import { type Runtime, RuntimeFailure } from "../runtime/runtime.ts";
import { DesiredList } from "./desired-list.ts";
import { Measuring } from "./measuring.ts";
import { plan, report } from "./plan.ts";
import { Reporter } from "./reporter.ts";
import { Steps } from "./steps.ts";

const observeEveryMs = 10_000;
/** After a turn that failed, and at most after a report that did. */
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
  readonly #desired: DesiredList;
  readonly #steps: Steps;
  readonly #reporter: Reporter;
  readonly #measuring: Measuring;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #waits = new Set<NodeJS.Timeout>();
  #isTurnDue = false;
  #isTurning = false;
  #isStopped = false;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#desired = new DesiredList(options, {
      onPulled: (environmentIds) => this.#steps.keepOnly(environmentIds),
      onFailed: (retryInMs) => this.#after(retryInMs, () => this.pull()),
    });
    this.#steps = new Steps(options, (againInMs) => {
      this.#after(againInMs, () => this.look());
      this.look();
    });
    this.#reporter = new Reporter((observed) => options.source.report(observed), {
      retryMs: () => Math.random() * maxRetryMs,
      onFailure: (error) => {
        options.meter.failed("report");
        options.log("warn", "report failed", { error: String(error) });
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
    this.#steps.forget();
    this.#reporter.forget();
    this.pull();
  }

  /** The lease is not ours any more. */
  cease(): void {
    this.#desired.forget();
    this.#reporter.stop();
  }

  /** The desired list may have changed; `requestId` names the request that changed it, for the log. */
  pull(requestId?: string): void {
    this.#desired.expectChange(requestId);
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
      const beganAtMs = performance.now();
      try {
        await this.#desired.refresh();
        await this.#reconcile();
        this.#options.onTrouble(null);
        this.#options.meter.turned(secondsSince(beganAtMs), true);
      } catch (error) {
        this.#options.onTrouble(error instanceof RuntimeFailure ? error.message : "The cluster cannot be observed");
        this.#options.meter.turned(secondsSince(beganAtMs), false);
        this.#options.log("error", "reconcile turn failed", { error: String(error) });
        this.#after(maxRetryMs, () => this.look());
      }
    }
    this.#isTurning = false;
  }

  async #reconcile(): Promise<void> {
    const { lease, meter, onObserved, runtime } = this.#options;
    const observed = await runtime.observe();
    onObserved(observed);
    meter.observed(observed);
    const { environments: desired, requestId } = this.#desired;
    if (desired === null || this.#isStopped || !lease.isHeld) return;
    runtime.tend?.(desired, lease.signal);
    this.#reporter.report(report(desired, observed, this.#steps.failures));
    for (const action of plan(desired, observed)) this.#steps.begin(action, desired, requestId);
  }

  #after(waitMs: number, act: () => void): void {
    const wait = setTimeout(() => {
      this.#waits.delete(wait);
      act();
    }, waitMs);
    this.#waits.add(wait);
  }
}

function secondsSince(beganAtMs: number): number {
  return (performance.now() - beganAtMs) / 1000;
}
