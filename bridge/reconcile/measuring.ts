/**
 * Once a minute: the readings of the environments this bridge serves, and when something last happened in them. Several are
 * read at a time, and one that cannot be read costs the others nothing.
 */
import type { Telemetry } from "../../durable-objects/protocol/bridge-api.ts";
import { inParallel } from "../runtime/in-parallel.ts";
import { RuntimeFailure } from "../runtime/runtime.ts";
import type { LoopOptions } from "./loop.ts";

type Sample = Telemetry["samples"][number];

/** Each may be a command in a pod. */
const maxAtOnce = 8;

export class Measuring {
  readonly #options: LoopOptions;
  readonly #isStopped: () => boolean;
  #isMeasuring = false;

  constructor(options: LoopOptions, isStopped: () => boolean) {
    this.#options = options;
    this.#isStopped = isStopped;
  }

  /** Takes the samples and sends them. While the last ones are still being taken nothing new is begun. */
  async measure(): Promise<void> {
    if (this.#isMeasuring) return;
    this.#isMeasuring = true;
    const { source, log, meter } = this.#options;
    try {
      const samples = await this.#samples();
      if (samples.length > 0 && !this.#isStopped()) await source.telemetry(samples);
    } catch (error) {
      meter.failed("telemetry");
      log("warn", "telemetry failed", { error: error instanceof Error ? error.message : String(error) });
    } finally {
      this.#isMeasuring = false;
    }
  }

  async #samples(): Promise<Sample[]> {
    const { isOurs, runtime } = this.#options;
    const running = (await runtime.observe()).filter((each) => each.phase === "running" && isOurs(each.environment_id));
    const samples = await inParallel(running, maxAtOnce, ({ environment_id: id }) => this.#sample(id));
    return samples.filter((sample) => sample !== null);
  }

  /** Null for one that cannot be read now, e.g. because it has just ended. */
  async #sample(environmentId: string): Promise<Sample | null> {
    try {
      return await this.#read(environmentId);
    } catch (error) {
      const { log, meter } = this.#options;
      meter.failed("telemetry");
      const isExpected = error instanceof RuntimeFailure;
      log(isExpected ? "debug" : "error", "not measured", { environment_id: environmentId, error: String(error) });
      return null;
    }
  }

  async #read(environmentId: string): Promise<Sample> {
    const { runtime, lastAttended } = this.#options;
    const readings = await runtime.readings(environmentId);
    const work = await runtime.lastOutput(environmentId);
    const attended = lastAttended(environmentId)?.toISOString() ?? null;
    const activity = [work, attended].flatMap((time) => time ?? []).sort();
    return {
      environment_id: environmentId,
      readings,
      last_activity: activity.at(-1) ?? null,
      last_attended: attended,
      last_work: work,
    };
  }
}
