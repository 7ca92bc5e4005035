/**
 * One environment in the cluster: its claim and pod as last seen, the session in the run of its container, and the steps that
 * bring it about. Steps follow each other. What the cluster does by itself is noticed and taken up, step or not.
 */
import type {
  DesiredEnvironment,
  ObservedEnvironment,
  Resources,
} from "../../../durable-objects/protocol/bridge-api.ts";
import { reasonFacts } from "../../../durable-objects/protocol/reasons.ts";
import { RuntimeFailure } from "../runtime.ts";
import { restoredMessage } from "../session/words.ts";
import { Turns } from "../turns.ts";
import type { ClusterObject } from "./client/calls.ts";
import { failing } from "./failures.ts";
import { objectName } from "./manifests/names.ts";
import { parseQuantity } from "./manifests/quantities.ts";
import type { News } from "./notice.ts";
import type { Stall } from "./observe/stalls.ts";
import { type Ending, type Standing, standingOf } from "./observe/standing.ts";
import { type ClaimView, claimView, type PodView, podView } from "./observe/views.ts";
import { observedOf, type Step } from "./observed.ts";
import { forcedAfterMs, type Leave, lostAfterMs, untilOverdue } from "./patience.ts";
import type { Steps } from "./steps.ts";
import { Waiting } from "./waiting.ts";
import { Workplace, type WorkplaceOptions } from "./workplace.ts";

/** How long a step waits for its effect: until then it can be told at once, after that it comes as an observation. */
const bringUpWithinMs = 10_000;
const endWithinMs = 60_000;

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
  readonly #waiting = new Waiting();
  #claim: ClaimView | null = null;
  #pod: PodView | null = null;
  /** The last of each kind of object that Events told of. */
  readonly #stalls = new Map<Stall["kind"], Stall>();
  /** What of it was logged last. */
  #loggedStall = "";
  #step: Step = null;
  /** How the last pod ended, until there is another one. */
  #ending: Ending | null = null;
  /** Looks again when the pod that is ending counts as lost. */
  #overdueTimer: NodeJS.Timeout | undefined;
  /** The run of the container in which somebody has typed. */
  #typedIn: string | null = null;
  #isClosed = false;
  /** How many steps are to come or under way. */
  #steps = 0;
  /** Steps never overlap. */
  readonly #turns = new Turns();

  constructor(id: string, options: EnvironmentOptions) {
    this.id = id;
    this.name = objectName(id);
    this.namespace = options.namespace;
    this.#options = options;
    this.workplace = new Workplace({
      ...options,
      environmentId: id,
      isExpected: () => this.#standing?.kind === "up",
      onChange: () => this.#changed(),
      onTyped: () => this.#typed(),
      onRestored: (restored) =>
        this.#addNews({ reason: `session_${restored.kind}`, message: restoredMessage(restored) }),
      refuseUnlessUp: () => this.refuseUnlessUp(),
    });
  }

  /** Whether there is anything of it in the cluster. */
  get isThere(): boolean {
    return this.#claim !== null || this.#pod !== null;
  }

  /** Whether nothing more is to be found out about what there is. */
  get isSettled(): boolean {
    return this.#standing?.kind !== "up" || this.#standing.isUnheard || this.workplace.isSettled;
  }

  /** Whether nothing of it is left, and nothing is being done about it. */
  get isOver(): boolean {
    return !this.isThere && this.#step === null && this.#steps === 0;
  }

  /** What it was given, by the record of its pod. */
  get resources(): Resources | null {
    return this.#pod?.resources ?? this.#claim?.resources ?? null;
  }

  /** What it takes of its namespace's room; a volume stays as large as it is. Null where it is not known. */
  get takes(): Resources | null {
    const { resources } = this;
    const held = Math.ceil(parseQuantity(this.#claim?.storage ?? "") ?? 0);
    return resources && { ...resources, storage_bytes: Math.max(resources.storage_bytes, held) };
  }

  get startedAtMs(): number | null {
    const at = Date.parse(this.#pod?.main?.state?.running?.startedAt ?? "");
    return Number.isNaN(at) ? null : at;
  }

  /** The claim is new, has changed or is gone. */
  setClaim(object: ClusterObject | null): void {
    this.#claim = object && claimView(object);
    this.#changed();
    if (this.#claim?.isDeleting && this.#steps === 0 && !this.#isClosed) void this.#finishDeletion();
  }

  setPod(object: ClusterObject | null): void {
    this.#pod = object && podView(object);
    clearTimeout(this.#overdueTimer);
    const wait = untilOverdue(this.#pod?.endsByMs ?? null, lostAfterMs, Date.now());
    if (wait !== null && wait > 0) this.#overdueTimer = setTimeout(() => this.#changed(), wait + 1).unref();
    this.workplace.setRun(this.#standing?.kind === "up" ? this.#standing.incarnation : null);
    this.#changed();
  }

  /** What an Event tells of its pod or claim, or of an earlier one of that name. */
  setStall(stall: Stall): void {
    const known = this.#stalls.get(stall.kind);
    const uid = stall.kind === "Pod" ? this.#pod?.uid : this.#claim?.uid;
    const isOld = known?.uid === uid && (stall.uid !== uid || stall.atMs < (known?.atMs ?? 0));
    if (known !== undefined && isOld) return;
    this.#stalls.set(stall.kind, stall);
    this.#changed();
    const { reason } = this.#standing?.kind === "coming" ? this.#standing : { reason: null };
    if (reason !== stall.reason || this.#loggedStall === stall.said) return;
    this.#loggedStall = stall.said;
    this.#options.onProblem(new Error(stall.said));
  }

  /** Null where nothing of it is left. */
  observed(): ObservedEnvironment | null {
    if (!this.isThere && this.#step === null) return null;
    const standing = this.#standing;
    return observedOf({
      id: this.id,
      generation: this.#pod?.generation ?? this.#claim?.generation ?? 0,
      step: this.#step,
      claim: this.#claim,
      standing,
      init: this.workplace.init,
      isUp: this.workplace.isUp,
      news: this.#news,
      isOverdue: this.#isOverdueBy(lostAfterMs),
    });
  }

  /** Makes it run as desired, from nothing: what still runs of it is ended first. */
  begin(desired: DesiredEnvironment, kind: "starting" | "restarting", signal: AbortSignal): Promise<void> {
    return this.#take(kind, async () => {
      if (this.#claim?.isDeleting) await this.#delete(signal);
      await this.#endPod("for now", signal);
      const news = this.#ending === null || this.#ending.reason === "lost" ? [] : [this.#ending];
      const made = await this.#options.steps.make(desired, news, signal);
      this.#ending = null;
      this.#options.note("persistentvolumeclaims", this.name, made.claim);
      this.#options.note("pods", this.name, made.pod);
      await this.#waiting.until(() => this.#isDecided(desired), bringUpWithinMs, signal);
    });
  }

  /** Ends every process; its files stay. */
  stop(signal: AbortSignal): Promise<void> {
    return this.#take("stopping", async () => {
      if (this.#claim !== null) {
        const marked = await this.#options.steps.markStopped(this.id, this.#claim, signal);
        this.#options.note("persistentvolumeclaims", this.name, marked);
      }
      await this.#endPod("for now", signal);
      this.#ending = null;
    });
  }

  /** Ends every process and removes every object; the volume goes with its claim. */
  remove(signal: AbortSignal): Promise<void> {
    return this.#take("deleting", () => this.#delete(signal));
  }

  /** Throws `not_running` where nobody can be at work. */
  refuseUnlessUp(): void {
    if (this.#standing?.kind === "up" && this.workplace.isUp && this.#step !== "stopping") return;
    throw new RuntimeFailure("not_running", "The environment is not running");
  }

  /** Saves the session and lets go of the clients; the environment runs on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#overdueTimer);
    await this.#turns.over();
    await this.workplace.close();
  }

  get #standing(): Standing | null {
    return this.#pod && standingOf(this.#pod, this.#claim, [...this.#stalls.values()]);
  }

  /** Whether more waiting would tell nothing: it runs, or something is in its way. */
  #isDecided({ startup_commands: commands }: DesiredEnvironment): boolean {
    const standing = this.#standing;
    if (standing?.kind === "up") {
      return this.workplace.isSettled && (commands.length > 0 || this.workplace.init?.kind !== "installing");
    }
    const isHeld =
      standing?.kind === "coming" && (standing.reason === "unschedulable" || standing.reason === "pending");
    return (
      standing?.kind === "blocked" || standing?.kind === "ended" || (isHeld && standing.reason === "unschedulable")
    );
  }

  async #endPod(leave: Leave, signal: AbortSignal): Promise<void> {
    const standing = this.#standing;
    if (standing?.kind === "ended") this.#ending = { reason: standing.reason, message: standing.message };
    if (standing?.kind === "up" && !standing.isUnheard) await this.workplace.leave();
    const object = await this.#options.steps.getPod(this.id, signal);
    if (object === null) {
      this.#options.note("pods", this.name, null);
      return;
    }
    const { uid } = object.metadata;
    await this.#options.steps.removePod({ name: this.name, uid }, signal);
    const isGone = () => this.#pod?.uid !== uid;
    const isForced = () => this.#isOverdueBy(forcedAfterMs(leave));
    await this.#waiting.until(() => isGone() || isForced(), endWithinMs, signal);
    if (!isGone() && isForced()) {
      this.#options.onProblem(new Error(`Its machine does not answer: pod ${uid} is taken away by force`));
      await this.#options.steps.removePod({ name: this.name, uid }, signal, true);
      await this.#waiting.until(isGone, endWithinMs, signal);
    }
    if (!isGone()) throw new RuntimeFailure("unavailable", reasonFacts.node_lost.message, "node_lost");
  }

  #isOverdueBy(ms: number): boolean {
    return untilOverdue(this.#pod?.endsByMs ?? null, ms, Date.now()) === 0;
  }

  async #delete(signal: AbortSignal): Promise<void> {
    const claim = this.#claim;
    if (claim !== null) await this.#options.steps.beginDeletion(claim, signal);
    await this.#endPod("for good", signal);
    if (claim === null) return;
    await this.#options.steps.finish(this.id, claim, signal);
    const isGone = await this.#waiting.until(() => this.#claim?.uid !== claim.uid, endWithinMs, signal);
    if (!isGone)
      throw new RuntimeFailure("unavailable", "The environment's volume is still held by somebody", "unavailable");
  }

  /** Asked for while nobody of us was there, or by hand. */
  async #finishDeletion(): Promise<void> {
    try {
      await this.remove(AbortSignal.timeout(endWithinMs * 2));
    } catch (error) {
      this.#options.onProblem(error);
    }
  }

  /** Does the work after the earlier steps, whatever became of those. */
  async #take(step: Exclude<Step, null>, work: () => Promise<void>): Promise<void> {
    this.#steps += 1;
    await this.#turns.take(() => this.#do(step, work));
  }

  async #do(step: Exclude<Step, null>, work: () => Promise<void>): Promise<void> {
    this.#step = step;
    this.#changed();
    try {
      await failing(work);
    } catch (error) {
      // People are told a part of it; all of it is for whoever runs the cluster.
      if (error instanceof RuntimeFailure && error.cause !== undefined) this.#options.onProblem(error.cause);
      throw error;
    } finally {
      this.#step = null;
      this.#steps -= 1;
      this.#changed();
    }
  }

  get #news(): readonly News[] {
    const standing = this.#standing;
    if (this.#pod === null || standing?.kind !== "up" || standing.incarnation === this.#typedIn) return [];
    return standing.after === null || standing.after.reason === "lost"
      ? this.#pod.notice
      : [standing.after, ...this.#pod.notice];
  }

  async #addNews(news: News): Promise<void> {
    if (this.#pod !== null) await this.#writeNotice(this.#pod, [...this.#pod.notice, news]);
  }

  /** Who types has seen what became of it. */
  #typed(): void {
    const standing = this.#standing;
    if (this.#pod === null || standing?.kind !== "up" || standing.incarnation === this.#typedIn) return;
    const hadNews = this.#news.length > 0;
    this.#typedIn = standing.incarnation;
    if (!hadNews) return;
    this.#changed();
    if (this.#pod.notice.length > 0) void this.#writeNotice(this.#pod, []).catch(this.#options.onProblem);
  }

  async #writeNotice({ uid }: PodView, notice: readonly News[]): Promise<void> {
    const noted = await this.#options.steps.notePod({ name: this.name, uid }, notice);
    if (noted !== null) this.#options.note("pods", this.name, noted);
  }

  #changed(): void {
    this.#waiting.changed();
    this.#options.onChange();
  }
}
