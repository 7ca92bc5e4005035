/**
 * The tmux session in one run of a container: found as it is, or begun anew from what was saved while the first process waits
 * for that. Also how far the startup commands are, which the container's log tells.
 */
import { setTimeout as delay } from "node:timers/promises";
import { RuntimeFailure } from "../../runtime.ts";
import type { LiveSession } from "../../session/live-session.ts";
import type { Restoration } from "../../session/restoring.ts";
import { type Restored, restoredLine } from "../../session/words.ts";
import type { TmuxDoor } from "../../tmux/door.ts";
import { beginCommand } from "../../tmux/session.ts";
import { ClusterProblem } from "../client/problem.ts";
import { type InitState, parseInitLine } from "../init/lines.ts";
import { followLog } from "../log/follow.ts";
import { places } from "../manifests/places.ts";
import type { Pod } from "../pod.ts";
import { settle } from "./settle.ts";

const retryMs = { first: 500, most: 10_000 };

export interface PodSessionOptions {
  pod: Pod;
  door: TmuxDoor;
  session: LiveSession;
  onChange: () => void;
  /** A saved session was begun anew. */
  onRestored: (restored: Restored) => Promise<void>;
  onProblem: (error: unknown) => void;
}

export class PodSession {
  /** Of the whole of it, from this run's beginning to its end. */
  readonly #stopping = new AbortController();
  readonly #options: PodSessionOptions;
  #isUp = false;
  #init: InitState | null = null;

  constructor(options: PodSessionOptions) {
    this.#options = options;
  }

  /** Whether there is a session to attach to. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** How far the first process is, as far as is known. */
  get init(): InitState | null {
    return this.#init;
  }

  /** Whether everything is known that will be known without a person. */
  get isSettled(): boolean {
    return this.#isUp && this.#init !== null && this.#init.kind !== "starting" && this.#init.kind !== "waiting";
  }

  async begin(): Promise<void> {
    for (let waitMs = retryMs.first; !this.#stopping.signal.aborted; waitMs = Math.min(retryMs.most, 2 * waitMs)) {
      try {
        await this.#settle();
        break;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        if (!(error instanceof ClusterProblem || error instanceof RuntimeFailure)) throw error;
        this.#options.onProblem(error);
      }
      await delay(waitMs * (0.5 + Math.random() / 2), undefined, { signal: this.#stopping.signal }).catch(() => {});
    }
    await this.#followInstallation();
  }

  stop(): void {
    this.#stopping.abort();
    this.#isUp = false;
  }

  async #settle(): Promise<void> {
    const { signal } = this.#stopping;
    let settled = await settle(this.#options.pod, signal);
    if (settled.session === "waiting") {
      await this.#restore();
      settled = await settle(this.#options.pod, signal);
    }
    if (settled.session !== "up") throw new RuntimeFailure("unavailable", "The environment has no session yet");
    this.#isUp = true;
    this.#init = settled.init;
    this.#options.onChange();
  }

  /**
   * One bridge does, whoever is first. The first process begins a fresh session where that one is late, or fails: then ours is
   * refused and that one counts.
   */
  async #restore(): Promise<void> {
    const { session, onRestored, pod } = this.#options;
    const { exitCode } = await pod.script('mkdir "$1" 2>/dev/null', [`${places.run}/restoring`]);
    if (exitCode !== 0) return;
    const restoration = await session.prepare();
    if (restoration === null) return;
    const isBegun = await this.#beginServer(restoration);
    if (isBegun) await onRestored(await session.restore(restoration));
  }

  async #beginServer({ first, restored }: Restoration): Promise<boolean> {
    const { door } = this.#options;
    const command = beginCommand(door.places, { opening: first, notice: restoredLine(restored) });
    try {
      await door.run(command, { cwd: places.workspace });
      return true;
    } catch (error) {
      if (!(error instanceof RuntimeFailure) || !error.message.includes("duplicate session")) throw error;
      return false;
    }
  }

  async #followInstallation(): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#stopping.signal]);
    const isOver = () => this.#init?.kind === "completed" || this.#init?.kind === "failed";
    if (isOver()) return;
    const { pod, onChange } = this.#options;
    const onLines = (lines: { text: string }[]) => {
      const before = JSON.stringify(this.#init);
      for (const { text } of lines) {
        const line = parseInitLine(text);
        if (line.kind === "state") this.#init = line.state;
      }
      if (isOver()) over.abort();
      if (JSON.stringify(this.#init) !== before) onChange();
    };
    await followLog(pod.calls, pod.name, { isThere: () => !signal.aborted, onLines, signal });
  }
}
