/** The tmux clients of this bridge in one environment's pod: one for each terminal, the newest counts. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { mainWindow } from "../../../../durable-objects/protocol/vocabulary.ts";
import { RuntimeFailure, type TerminalSize } from "../../runtime.ts";
import { mainSession, selectedPane, type TmuxDoor } from "../../tmux/door.ts";
import { pinWindow } from "../../tmux/pinned.ts";
import { attachCommand, windowSize } from "../../tmux/session.ts";
import { SizeVote } from "../../tmux/size-vote.ts";
import { ClusterProblem } from "../client/problem.ts";
import { attachProgram, hangUpProgram } from "../exec/clients.ts";
import { ExecTerminal, type TerminalOptions } from "../exec/terminal.ts";
import type { Pod } from "../pod.ts";

const attachWithinMs = 10_000;
const hangUpWithinMs = 5_000;
const retryMs = { first: 125, most: 5_000 };

export interface TerminalsOptions {
  pod: Pod;
  door: TmuxDoor;
  /** How tmux calls a window; see tmux/windows.ts. */
  targetOf: (window: string) => Promise<string>;
  onRead: () => void;
  onTyped: () => void;
  onEnd: () => void;
}

export class Terminals {
  readonly #options: TerminalsOptions;
  readonly #streams = new Map<string, ExecTerminal>();
  /** How often attaching to a terminal has failed in a row: whoever tries again and again waits longer and longer. */
  readonly #failures = new Map<string, number>();

  constructor(options: TerminalsOptions) {
    this.#options = options;
  }

  /** Attaches our one client of a terminal; an earlier one of ours is detached, anybody else's is left alone. */
  async attach(window: string, size: TerminalSize | null): Promise<ExecTerminal> {
    const stream = await this.#patiently(window, () =>
      window === mainWindow ? this.#attachMain(size) : this.#attachPinned(window, size),
    );
    const { onRead, onTyped, onEnd } = this.#options;
    this.#streams.set(window, stream);
    stream.onExit(() => {
      if (this.#streams.get(window) === stream) this.#streams.delete(window);
      onEnd();
    });
    stream.notify({ onRead, onTyped });
    return stream;
  }

  /** The pod is no more: what is still open there is frozen. */
  abandon(): void {
    for (const stream of this.#streams.values()) stream.abandon();
  }

  /** Ends every client, so that none is left in the pod. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#streams.values()].map((stream) => stream.release()));
  }

  async #patiently(window: string, attach: () => Promise<ExecTerminal>): Promise<ExecTerminal> {
    const failures = this.#failures.get(window) ?? 0;
    if (failures > 0) await delay(Math.random() * Math.min(retryMs.most, retryMs.first * 2 ** failures));
    try {
      const stream = await attach();
      this.#failures.delete(window);
      return stream;
    } catch (error) {
      const isGone = error instanceof RuntimeFailure && error.code === "window_not_found";
      if (isGone) this.#failures.delete(window);
      else this.#failures.set(window, failures + 1);
      throw error;
    }
  }

  async #attachMain(size: TerminalSize | null): Promise<ExecTerminal> {
    const { door } = this.#options;
    const asked = size ?? (await windowSize(door, selectedPane));
    const vote = () => {};
    return await this.#open(mainWindow, attachCommand(mainSession), { size: asked, vote });
  }

  async #attachPinned(window: string, size: TerminalSize | null): Promise<ExecTerminal> {
    const { door, targetOf } = this.#options;
    const pin = await pinWindow(door, window, await targetOf(window), size);
    const vote = new SizeVote(door, pin.session, size !== null);
    const options = { size: pin.size, vote: (hasVote: boolean) => vote.set(hasVote) };
    const stream = await this.#open(window, pin.command, options);
    stream.onExit(() => {
      vote.end();
      void pin.end();
    });
    return stream;
  }

  async #open(window: string, command: string[], options: Omit<TerminalOptions, "hangUp">): Promise<ExecTerminal> {
    const mark = randomUUID();
    const stream = new ExecTerminal({ ...options, hangUp: () => this.#hangUp(window, mark) });
    const program = { command: attachProgram(window, mark, command), tty: true, stdin: true };
    const signal = AbortSignal.timeout(attachWithinMs);
    stream.begin(await this.#options.pod.open(program, stream.channelEvents, signal));
    return stream;
  }

  /** What cannot be reached is hung up by who attaches next. */
  async #hangUp(window: string, mark: string): Promise<void> {
    try {
      await this.#options.pod.run(hangUpProgram(window, mark), { deadlineMs: hangUpWithinMs });
    } catch (error) {
      if (!(error instanceof ClusterProblem)) throw error;
    }
  }
}
