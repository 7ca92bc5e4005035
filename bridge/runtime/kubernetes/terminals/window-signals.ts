/**
 * Notices that windows in a pod have changed without asking: a script waits for the signal that tmux gives whenever that
 * happens (tmux.conf), and prints a line. One for all who want to know, while anybody does. No client in control mode: a
 * session that comes or goes while such a one connects ends tmux's server, and everything in it.
 */
import { randomUUID } from "node:crypto";
import { ClusterProblem } from "../client/problem.ts";
import type { ExecChannel } from "../exec/channel.ts";
import { Liveness } from "../exec/liveness.ts";
import { changedLine, endWatchProgram, watchProgram } from "../exec/window-watcher.ts";
import type { Pod } from "../pod.ts";

const retryMs = { first: 250, most: 10_000 };
const openWithinMs = 10_000;
/** Of a bridge process: others have their own in the same pod. */
const place = `watch-${randomUUID().slice(0, 8)}`;

export class WindowSignals {
  readonly #pod: Pod;
  readonly #listeners = new Set<() => void>();
  #channel: ExecChannel | null = null;
  #mark = "";
  #isUp = false;
  #isOpening = false;
  #timer: NodeJS.Timeout | undefined;
  #waitMs: number = retryMs.first;
  #rest = "";

  constructor(pod: Pod) {
    this.#pod = pod;
  }

  /** Calls back whenever the windows may have changed; returns how to stop. */
  watch(onChange: () => void): () => void {
    const listener = () => onChange();
    this.#listeners.add(listener);
    this.#openSoon(0);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) void this.#close();
    };
  }

  /** Whether there is a session, as far as is known. */
  setUp(isUp: boolean): void {
    const isNews = isUp && !this.#isUp;
    this.#isUp = isUp;
    if (!isUp) this.#channel?.close();
    if (!isNews) return;
    this.#waitMs = retryMs.first;
    this.#openSoon(0);
    this.#tell();
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    await this.#close();
  }

  get #isWanted(): boolean {
    return this.#listeners.size > 0 && this.#isUp;
  }

  #openSoon(waitMs: number): void {
    clearTimeout(this.#timer);
    if (!this.#isWanted || this.#channel !== null || this.#isOpening) return;
    this.#timer = setTimeout(() => void this.#open(), waitMs);
  }

  async #open(): Promise<void> {
    this.#isOpening = true;
    this.#mark = randomUUID();
    let liveness: Liveness | null = null;
    const events = {
      onOutput: (bytes: Buffer) => this.#read(bytes),
      onHeard: () => liveness?.heard(),
      onEnd: () => {
        liveness?.stop();
        this.#ended();
      },
    };
    try {
      const program = watchProgram(place, this.#mark);
      const channel = await this.#pod.openNow(program, events, AbortSignal.timeout(openWithinMs));
      this.#channel = channel;
      liveness = new Liveness(channel, () => {});
    } catch (error) {
      if (!(error instanceof ClusterProblem)) throw error;
    }
    this.#isOpening = false;
    if (this.#channel !== null && !this.#isWanted) void this.#close();
    if (this.#channel === null) this.#openSoon(this.#backOff());
  }

  #ended(): void {
    this.#channel = null;
    this.#rest = "";
    // What happened while nobody watched.
    this.#openSoon(this.#backOff());
  }

  #backOff(): number {
    this.#waitMs = Math.min(retryMs.most, this.#waitMs * 2);
    return this.#waitMs * (0.5 + Math.random() / 2);
  }

  #read(bytes: Buffer): void {
    const lines = (this.#rest + bytes.toString("latin1")).split("\n");
    this.#rest = (lines.pop() ?? "").slice(-200);
    if (lines.length === 0) return;
    if (lines.includes(changedLine)) this.#waitMs = retryMs.first;
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer);
    const channel = this.#channel;
    this.#channel = null;
    if (channel === null) return;
    await this.#pod.run(endWatchProgram(place), { deadlineMs: 5_000 }).catch(ignoreProblem);
    channel.close();
  }
}

function ignoreProblem(error: unknown): void {
  if (!(error instanceof ClusterProblem)) throw error;
}
