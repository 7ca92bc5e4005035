/** The steps of one environment: one at a time, in the order in which they were asked for; and which is under way. */
import { RuntimeFailure } from "../runtime.ts";
import { Turns } from "../turns.ts";
import { failing } from "./failures.ts";
import type { Step } from "./observed.ts";

export interface StepTurnsOptions {
  /** A step begins, or is over. */
  onChange: () => void;
  onProblem: (error: unknown) => void;
}

export class StepTurns {
  readonly #options: StepTurnsOptions;
  readonly #turns = new Turns();
  /** How many are to come or under way. */
  #count = 0;
  #current: Step = null;

  constructor(options: StepTurnsOptions) {
    this.#options = options;
  }

  /** The one that is under way. */
  get current(): Step {
    return this.#current;
  }

  /** Whether none is under way or to come. */
  get isIdle(): boolean {
    return this.#count === 0;
  }

  /** Does the work after the earlier steps, whatever became of those. */
  async take(step: Exclude<Step, null>, work: () => Promise<void>): Promise<void> {
    this.#count += 1;
    await this.#turns.take(() => this.#do(step, work));
  }

  /** Resolves when all that were asked for until now are over. */
  async over(): Promise<void> {
    await this.#turns.over();
  }

  async #do(step: Exclude<Step, null>, work: () => Promise<void>): Promise<void> {
    this.#current = step;
    this.#options.onChange();
    try {
      await failing(work);
    } catch (error) {
      // People are told a part of it; all of it is for whoever runs the cluster.
      if (error instanceof RuntimeFailure && error.cause !== undefined) this.#options.onProblem(error.cause);
      throw error;
    } finally {
      this.#current = null;
      this.#count -= 1;
      this.#options.onChange();
    }
  }
}
