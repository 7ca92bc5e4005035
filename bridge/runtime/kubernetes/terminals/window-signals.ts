/**
 * Notices that windows in a pod have changed without asking: a tmux client in control mode, which is sent no output and has no
 * say in sizes, prints a line whenever that happens. One for all who want to know, while anybody does.
 */
import { randomUUID } from "node:crypto";
import { mainSession } from "../../tmux/door.ts";
import { attachCommand } from "../../tmux/session.ts";
import { ClusterProblem } from "../client/problem.ts";
import type { ExecChannel } from "../exec/channel.ts";
import { attachProgram, hangUpProgram } from "../exec/clients.ts";
import { Liveness } from "../exec/liveness.ts";
import type { Pod } from "../pod.ts";

const retryMs = { first: 250, most: 10_000 };
const openWithinMs = 10_000;
/** Of a bridge process: others have their own in the same pod. */
const place = `watch-${randomUUID().slice(0, 8)}`;
/** Answers to commands, of which there are none but the first. */
const isAnswer = /^%(begin|end|error|output|extended-output)\b/;
const command = ["-C", ...attachCommand(mainSession, ["-f", "no-output,ignore-size,read-only"])];

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
      const program = attachProgram(place, this.#mark, command);
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
    const told = lines.filter((line) => line.startsWith("%") && !isAnswer.test(line));
    if (told.length === 0) return;
    this.#waitMs = retryMs.first;
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
    await this.#pod.run(hangUpProgram(place, this.#mark), { deadlineMs: 5_000 }).catch(ignoreProblem);
    channel.close();
  }
}

function ignoreProblem(error: unknown): void {
  if (!(error instanceof ClusterProblem)) throw error;
}
