/**
 * Notices that windows in a pod have changed without asking: a script waits for the signal that tmux gives whenever that
 * happens (tmux.conf), and prints a line. One for all who want to know, while anybody does. No client in control mode: a
 * session that comes or goes while such a one connects ends tmux's server, and everything in it.
 */
import { randomUUID } from "node:crypto";
import { ClusterProblem } from "../client/problem.ts";
import type { ExecChannel } from "../exec/channel.ts";
import { Liveness } from "../exec/liveness.ts";
import { changedLine, watchProgram } from "../exec/window-watcher.ts";
import type { Pod } from "../pod.ts";

const retryMs = { first: 250, most: 10_000 };
const openWithinMs = 10_000;
/** Of a bridge process: others have their own in the same pod. */
const place = `watch-${randomUUID().slice(0, 8)}`;

export class WindowSignals {
  readonly #pod: Pod;
  readonly #listeners = new Set<() => void>();
  /** Of the script that is meant, from before it is opened; empty = none is. */
  #mark = "";
  #channel: ExecChannel | null = null;
  #isUp = false;
  #timer: NodeJS.Timeout | undefined;
  #waitMs: number = retryMs.first;

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
      if (this.#listeners.size === 0) this.#close();
    };
  }

  /** Whether there is a session, as far as is known. */
  setUp(isUp: boolean): void {
    if (isUp === this.#isUp) return;
    this.#isUp = isUp;
    this.#close();
    if (!isUp) return;
    this.#waitMs = retryMs.first;
    this.#openSoon(0);
    this.#tell();
  }

  close(): void {
    this.#listeners.clear();
    this.#close();
  }

  #openSoon(waitMs: number): void {
    clearTimeout(this.#timer);
    const isWanted = this.#listeners.size > 0 && this.#isUp;
    if (isWanted && this.#mark === "") this.#timer = setTimeout(() => void this.#open(), waitMs);
  }

  async #open(): Promise<void> {
    const mark = randomUUID();
    this.#mark = mark;
    let liveness: Liveness | null = null;
    const events = {
      onOutput: this.#reader(),
      onHeard: () => liveness?.heard(),
      onEnd: () => {
        liveness?.stop();
        this.#ended(mark);
      },
    };
    try {
      const program = watchProgram(place, mark);
      const channel = await this.#pod.openNow(program, events, AbortSignal.timeout(openWithinMs));
      if (this.#mark !== mark) return channel.close();
      this.#channel = channel;
      liveness = new Liveness(channel, () => {});
    } catch (error) {
      if (!(error instanceof ClusterProblem)) throw error;
      this.#ended(mark);
    }
  }

  /** The one that is meant begins anew, and tells then what happened while nobody watched. */
  #ended(mark: string): void {
    if (this.#mark !== mark) return;
    this.#mark = "";
    this.#channel = null;
    this.#waitMs = Math.min(retryMs.most, this.#waitMs * 2);
    this.#openSoon(this.#waitMs * (0.5 + Math.random() / 2));
  }

  /** What takes the output of one script: its first line says no more than that it waits. */
  #reader(): (bytes: Buffer) => void {
    let rest = "";
    let isFirst = true;
    return (bytes) => {
      const lines = (rest + bytes.toString("latin1")).split("\n");
      rest = (lines.pop() ?? "").slice(-200);
      if (!lines.includes(changedLine)) return;
      if (!isFirst) this.#waitMs = retryMs.first;
      isFirst = false;
      this.#tell();
    };
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** The script ends with its connection. */
  #close(): void {
    clearTimeout(this.#timer);
    this.#mark = "";
    this.#channel?.close();
    this.#channel = null;
  }
}
