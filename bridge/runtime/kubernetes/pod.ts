/** The container people work in, as something that runs programs. */
import type { Calls } from "./client/calls.ts";
import { ClusterProblem } from "./client/problem.ts";
import { type ChannelEvents, type ExecChannel, openChannel } from "./exec/channel.ts";
import { openPatiently, type RunOptions, type RunResult, run } from "./exec/run.ts";
import { environmentContainer } from "./manifests/pod.ts";

export class Pod {
  readonly name: string;
  readonly calls: Calls;
  readonly #isExpected: () => boolean;

  /** `isExpected`: whether it runs, as far as is known. */
  constructor(calls: Calls, name: string, isExpected: () => boolean) {
    this.calls = calls;
    this.name = name;
    this.#isExpected = isExpected;
  }

  /** Runs a program to its end; see exec/run.ts. */
  async run(
    command: readonly string[],
    options: Omit<RunOptions, "pod" | "container" | "command"> = {},
  ): Promise<RunResult> {
    const where = { pod: this.name, container: environmentContainer, isExpected: this.#isExpected };
    return await run(this.calls, { ...where, command, ...options });
  }

  /** Runs a script of ours, with data as its arguments. */
  async script(text: string, args: readonly string[], options: Omit<RunOptions, "pod" | "container" | "command"> = {}) {
    return await this.run(["/bin/sh", "-c", text, "devpocket", ...args], options);
  }

  /** Starts a program that goes on. */
  async open(
    program: { command: readonly string[]; tty: boolean; stdin: boolean },
    events: ChannelEvents,
    signal: AbortSignal,
  ): Promise<ExecChannel> {
    const whole = { pod: this.name, container: environmentContainer, ...program };
    return await openPatiently(this.calls, whole, events, signal, this.#isExpected);
  }

  /** The same without patience, for what is tried again anyway. */
  async openNow(command: readonly string[], events: ChannelEvents, signal: AbortSignal): Promise<ExecChannel> {
    const program = { pod: this.name, container: environmentContainer, command, tty: false, stdin: true };
    return await openChannel(this.calls, program, events, signal);
  }
}

/** What a script of ours printed; one that failed is a problem of the environment. */
export function printedBy({ exitCode, stdout, stderr }: RunResult): Buffer {
  if (exitCode === 0) return stdout;
  throw new ClusterProblem("invalid", stderr || `A program in the environment failed (exit ${exitCode})`);
}
