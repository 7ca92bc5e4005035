/**
 * One environment in the cluster: what was last seen of it, its inside, and the steps that bring it about. Steps follow each
 * other. What the cluster does by itself is noticed and taken up, step or not.
 */
import type {
  DesiredEnvironment,
  ObservedEnvironment,
  Resources,
} from "../../../durable-objects/protocol/bridge-api.ts";
import type { Readings } from "../../../durable-objects/protocol/bridge-link.ts";
import { RuntimeFailure } from "../runtime.ts";
import { restoredMessage } from "../session/words.ts";
import type { ClusterObject } from "./client/objects.ts";
import { failing } from "./failures.ts";
import { objectName } from "./manifests/names.ts";
import { UnreadNews } from "./news.ts";
import { Seen } from "./observe/seen.ts";
import type { Stall } from "./observe/stalls.ts";
import { observedOf } from "./observed.ts";
import { lostAfterMs } from "./patience.ts";
import { Removal } from "./removal.ts";
import { StepTurns } from "./step-turns.ts";
import type { Steps } from "./steps.ts";
import { restingReadings } from "./usage/readings.ts";
import { Waiting } from "./waiting.ts";
import { Workplace, type WorkplaceOptions } from "./workplace.ts";

/** How long a step waits for its effect: until then it can be told at once, after that it comes as an observation. */
const bringUpWithinMs = 10_000;
/** How long a deletion that nobody waits for may take. */
const finishWithinMs = 120_000;

export interface EnvironmentOptions extends Pick<WorkplaceOptions, "calls" | "onProblem"> {
  /** Where its objects are. */
  namespace: string;
  steps: Steps;
  onChange: () => void;
  /** Puts down what a call told, before a watch does. */
  note: (kind: "pods" | "persistentvolumeclaims", name: string, object: ClusterObject | null) => void;
}

export class PodEnvironment {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly workplace: Workplace;
  readonly #options: EnvironmentOptions;
  readonly #seen = new Seen();
  readonly #waiting = new Waiting();
  readonly #news: UnreadNews;
  readonly #removal: Removal;
  readonly #turns: StepTurns;
  /** What of an Event was logged last. */
  #loggedStall = "";
  /** Looks again when the pod that is ending counts as lost. */
  #overdueTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(id: string, options: EnvironmentOptions) {
    const { namespace, steps, onProblem } = options;
    this.id = id;
    this.name = objectName(id);
    this.namespace = namespace;
    this.#options = options;
    this.#turns = new StepTurns({ onChange: () => this.#changed(), onProblem });
    this.#news = new UnreadNews({
      seen: this.#seen,
      write: async ({ uid }, notice) => {
        const noted = await steps.notePod({ name: this.name, uid }, notice);
        if (noted !== null) this.#notePod(noted);
      },
      onChange: () => this.#changed(),
      onProblem,
    });
    this.workplace = new Workplace({
      ...options,
      environmentId: id,
      isExpected: () => this.#seen.standing?.kind === "up",
      onChange: () => this.#changed(),
      onTyped: () => this.#news.markRead(),
      onRestored: (restored) =>
        this.#news.add({ reason: `session_${restored.kind}`, message: restoredMessage(restored) }),
      refuseUnlessUp: () => this.refuseUnlessUp(),
    });
    const { name, workplace } = this;
    const notePod = (object: ClusterObject | null) => this.#notePod(object);
    const seenBy = { seen: this.#seen, waiting: this.#waiting };
    this.#removal = new Removal({ id, name, ...seenBy, workplace, steps, notePod, onProblem });
  }

  /** Whether there is anything of it in the cluster. */
  get isThere(): boolean {
    return this.#seen.isThere;
  }

  /** What it takes of its namespace's room; see Seen. */
  get takes(): Resources | null {
    return this.#seen.takes;
  }

  /** Whether nothing more is to be found out about what there is. */
  get isSettled(): boolean {
    const { standing } = this.#seen;
    return standing?.kind !== "up" || standing.isUnheard || this.workplace.isSettled;
  }

  /** Whether nothing of it is left, and nothing is being done about it. */
  get isOver(): boolean {
    return !this.isThere && this.#turns.isIdle;
  }

  /** The claim is new, has changed or is gone. */
  setClaim(object: ClusterObject | null): void {
    this.#seen.setClaim(object);
    this.#changed();
    if (this.#seen.claim?.isDeleting && this.#turns.isIdle && !this.#isClosed) void this.#finishDeletion();
  }

  setPod(object: ClusterObject | null): void {
    this.#seen.setPod(object);
    clearTimeout(this.#overdueTimer);
    const waitMs = this.#seen.untilOverdue(lostAfterMs);
    if (waitMs !== null && waitMs > 0) this.#overdueTimer = setTimeout(() => this.#changed(), waitMs + 1).unref();
    const { standing } = this.#seen;
    this.workplace.setRun(standing?.kind === "up" ? standing.incarnation : null);
    this.#changed();
  }

  /** What an Event tells of its pod or claim, or of an earlier one of that name. */
  setStall(stall: Stall): void {
    if (!this.#seen.takeStall(stall)) return;
    this.#changed();
    const { standing } = this.#seen;
    const reason = standing?.kind === "coming" ? standing.reason : null;
    if (reason !== stall.reason || this.#loggedStall === stall.said) return;
    this.#loggedStall = stall.said;
    this.#options.onProblem(new Error(stall.said));
  }

  /** Null where nothing of it is left. */
  observed(): ObservedEnvironment | null {
    const { current: step } = this.#turns;
    if (!this.isThere && step === null) return null;
    const { generation, claim, standing } = this.#seen;
    const { init, isUp } = this.workplace;
    const isOverdue = this.#seen.isOverdueBy(lostAfterMs);
    const news = this.#news.all;
    return observedOf({ id: this.id, generation, step, claim, standing, init, isUp, news, isOverdue });
  }

  async readings(at: Date): Promise<Readings> {
    const { resources, startedAtMs } = this.#seen;
    if (!this.workplace.isUp || resources === null) return restingReadings(at);
    return await failing(() => this.workplace.readings(resources, startedAtMs, at));
  }

  /** Makes it run as desired, from nothing: what still runs of it is ended first. */
  begin(desired: DesiredEnvironment, kind: "starting" | "restarting", signal: AbortSignal): Promise<void> {
    return this.#turns.take(kind, async () => {
      if (this.#seen.claim?.isDeleting) await this.#removal.removeAll(signal);
      await this.#removal.endPod("for now", signal);
      const { ending } = this.#removal;
      const news = ending === null || ending.reason === "lost" ? [] : [ending];
      const made = await this.#options.steps.make(desired, news, signal);
      this.#removal.forgetEnding();
      this.#noteClaim(made.claim);
      this.#notePod(made.pod);
      await this.#waiting.until(() => this.#isDecided(desired), bringUpWithinMs, signal);
    });
  }

  /** Ends every process; its files stay. */
  stop(signal: AbortSignal): Promise<void> {
    return this.#turns.take("stopping", async () => {
      const { claim } = this.#seen;
      if (claim !== null) this.#noteClaim(await this.#options.steps.markStopped(this.id, claim, signal));
      await this.#removal.endPod("for now", signal);
      this.#removal.forgetEnding();
    });
  }

  /** Ends every process and removes every object; the volume goes with its claim. */
  remove(signal: AbortSignal): Promise<void> {
    return this.#turns.take("deleting", () => this.#removal.removeAll(signal));
  }

  /** Throws `not_running` where nobody can be at work. */
  refuseUnlessUp(): void {
    if (this.#seen.standing?.kind === "up" && this.workplace.isUp && this.#turns.current !== "stopping") return;
    throw new RuntimeFailure("not_running", "The environment is not running");
  }

  /** Saves the session and lets go of the clients; the environment runs on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#overdueTimer);
    await this.#turns.over();
    await this.workplace.close();
  }

  /** Whether more waiting would tell nothing: it runs, or something is in its way. */
  #isDecided({ startup_commands: commands }: DesiredEnvironment): boolean {
    const { standing } = this.#seen;
    switch (standing?.kind) {
      case "up":
        return this.workplace.isSettled && (commands.length > 0 || this.workplace.init?.kind !== "installing");
      case "coming":
        return standing.reason === "unschedulable";
      default:
        return standing?.kind === "blocked" || standing?.kind === "ended";
    }
  }

  /** Asked for while nobody of us was there, or by hand. */
  async #finishDeletion(): Promise<void> {
    try {
      await this.remove(AbortSignal.timeout(finishWithinMs));
    } catch (error) {
      this.#options.onProblem(error);
    }
  }

  #noteClaim(object: ClusterObject): void {
    this.#options.note("persistentvolumeclaims", this.name, object);
  }

  #notePod(object: ClusterObject | null): void {
    this.#options.note("pods", this.name, object);
  }

  #changed(): void {
    this.#waiting.changed();
    this.#options.onChange();
  }
}
