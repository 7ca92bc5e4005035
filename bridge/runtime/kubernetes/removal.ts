/**
 * Takes an environment's pod away, and its claim with everything else of it: asks the cluster for it and waits until it is seen to be
 * gone. Only the pod and the claim that are seen at the beginning are meant, by their uid. How long a machine that does not
 * answer is waited for, patience.ts says.
 */
import { reasonFacts } from "../../../durable-objects/protocol/reasons.ts";
import { RuntimeFailure } from "../runtime.ts";
import type { ClusterObject } from "./client/objects.ts";
import type { Seen } from "./observe/seen.ts";
import type { Ending } from "./observe/standing.ts";
import { forcedAfterMs, type Leave } from "./patience.ts";
import type { Steps } from "./steps.ts";
import type { Waiting } from "./waiting.ts";
import type { Workplace } from "./workplace.ts";

const endWithinMs = 60_000;

export interface RemovalOptions {
  id: string;
  name: string;
  seen: Seen;
  /** Tells when what is seen has changed. */
  waiting: Waiting;
  workplace: Workplace;
  steps: Steps;
  notePod: (object: ClusterObject | null) => void;
  onProblem: (error: unknown) => void;
}

export class Removal {
  readonly #options: RemovalOptions;
  #ending: Ending | null = null;

  constructor(options: RemovalOptions) {
    this.#options = options;
  }

  /** How the last pod had ended before it was taken away, until that is forgotten. */
  get ending(): Ending | null {
    return this.#ending;
  }

  forgetEnding(): void {
    this.#ending = null;
  }

  /** Ends every process; what people see of them is saved before. Rejects with `node_lost` where nobody knows that they have. */
  async endPod(leave: Leave, signal: AbortSignal): Promise<void> {
    const { id, name, seen, steps, workplace, notePod } = this.#options;
    const { standing } = seen;
    if (standing?.kind === "ended") this.#ending = { reason: standing.reason, message: standing.message };
    if (standing?.kind === "up" && !standing.isUnheard) await workplace.leave();
    const object = await steps.getPod(id, signal);
    if (object === null) return notePod(null);
    const { uid } = object.metadata;
    await steps.removePod({ name, uid }, signal);
    await this.#untilPodGone(uid, leave, signal);
  }

  /** Ends every process and removes every object; the volume goes with its claim. */
  async removeAll(signal: AbortSignal): Promise<void> {
    const { id, seen, steps, waiting } = this.#options;
    const { claim } = seen;
    if (claim !== null) await steps.beginDeletion(claim, signal);
    await this.endPod("for good", signal);
    if (claim === null) return;
    await steps.finish(id, claim, signal);
    const isGone = await waiting.until(() => seen.claim?.uid !== claim.uid, endWithinMs, signal);
    if (!isGone)
      throw new RuntimeFailure("unavailable", "The environment's volume is still held by somebody", "unavailable");
  }

  async #untilPodGone(uid: string, leave: Leave, signal: AbortSignal): Promise<void> {
    const { name, seen, steps, waiting, onProblem } = this.#options;
    const isGone = () => seen.pod?.uid !== uid;
    const isForced = () => seen.isOverdueBy(forcedAfterMs(leave));
    await waiting.until(() => isGone() || isForced(), endWithinMs, signal);
    if (!isGone() && isForced()) {
      onProblem(new Error(`Its machine does not answer: pod ${uid} is taken away by force`));
      await steps.removePod({ name, uid }, signal, true);
      await waiting.until(isGone, endWithinMs, signal);
    }
    if (!isGone()) throw new RuntimeFailure("unavailable", reasonFacts.node_lost.message, "node_lost");
  }
}
