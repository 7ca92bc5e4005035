/** One program in a container from its start to its end: its output, bounded, and its exit code, within a deadline. */
import { setTimeout as delay } from "node:timers/promises";
import type { Calls } from "../client/calls.ts";
import { ClusterProblem, cutBy } from "../client/problem.ts";
import { type ExecChannel, type ExecEnd, openChannel, type Program } from "./channel.ts";

/** After a restart of kubelet or containerd execs answered 404 and 500 for up to 1.7 s. */
const firstRetryMs = 150;
const retriesWithinMs = 6_000;
const deadlineMs = 15_000;
const maxOutputBytes = 1_048_576;
const maxErrorBytes = 4_096;

export interface RunOptions {
  pod: string;
  container: string;
  command: readonly string[];
  /** All of the program's input. It is read to its end by the program, which has to know where that is: a v4 server cannot
   * be told. */
  input?: Uint8Array;
  maxOutputBytes?: number;
  deadlineMs?: number;
  signal?: AbortSignal | undefined;
  /** Whether the pod runs as far as is known: while it does, "no such pod" is the kubelet's mistake. */
  isExpected?: () => boolean;
}

export interface RunResult {
  exitCode: number;
  stdout: Buffer;
  /** The beginning of it. */
  stderr: string;
}

/** Rejects with a ClusterProblem where the program did not end by itself; `invalid` where it could not be started at all. */
export async function run(calls: Calls, options: RunOptions): Promise<RunResult> {
  const deadline = AbortSignal.timeout(options.deadlineMs ?? deadlineMs);
  const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]);
  try {
    return await runOnce(calls, options, signal);
  } catch (error) {
    if (!deadline.aborted || options.signal?.aborted) throw error;
    throw new ClusterProblem("unavailable", "A program in the environment did not end in time");
  }
}

async function runOnce(calls: Calls, options: RunOptions, signal: AbortSignal): Promise<RunResult> {
  const { isExpected = () => true } = options;
  return await patiently(() => runToEnd(calls, options, signal), signal, isExpected);
}

async function runToEnd(calls: Calls, options: RunOptions, signal: AbortSignal): Promise<RunResult> {
  const output = new Output(options.maxOutputBytes ?? maxOutputBytes);
  const ended = Promise.withResolvers<ExecEnd>();
  const { pod, container, command, input } = options;
  const program = { pod, container, command, tty: false, stdin: input !== undefined };
  const events = {
    onOutput: (bytes: Buffer, stream: "stdout" | "stderr") => {
      if (!output.take(bytes, stream)) channel.close();
    },
    onEnd: ended.resolve,
  };
  const channel: ExecChannel = await openChannel(calls, program, events, signal);
  const abort = () => channel.close();
  signal.addEventListener("abort", abort, { once: true });
  try {
    if (input !== undefined) {
      await channel.write(input);
      channel.endInput();
    }
    return resultOf(await ended.promise, output, signal);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Opens a channel, again for some seconds where the answer may be that of a kubelet that has just begun. */
export async function openPatiently(
  calls: Calls,
  program: Program,
  events: Parameters<typeof openChannel>[2],
  signal: AbortSignal,
  isExpected: () => boolean = () => true,
): Promise<ExecChannel> {
  return await patiently(() => openChannel(calls, program, events, signal), signal, isExpected);
}

async function patiently<Value>(
  attempt: () => Promise<Value>,
  signal: AbortSignal,
  isExpected: () => boolean,
): Promise<Value> {
  const until = performance.now() + retriesWithinMs;
  for (let waitMs = firstRetryMs; ; waitMs *= 2) {
    try {
      return await attempt();
    } catch (error) {
      const isWorthIt = error instanceof ClusterProblem && (error.kind === "not_found" || error.status === 500);
      if (!isWorthIt || !isExpected() || performance.now() + waitMs > until) throw error;
      await delay(waitMs * (0.5 + Math.random() / 2), undefined, { signal }).catch((cut: unknown) => {
        throw cutBy(cut, signal);
      });
    }
  }
}

function resultOf(end: ExecEnd, output: Output, signal: AbortSignal): RunResult {
  signal.throwIfAborted();
  if (output.isTooMuch) throw new ClusterProblem("invalid", "A program in the environment printed too much");
  if (end.kind === "refused") throw new ClusterProblem("unavailable", end.message, { status: 500 });
  if (end.kind === "failed") throw new ClusterProblem("invalid", end.message);
  if (end.kind === "lost") throw new ClusterProblem("unavailable", "The connection to the environment was cut");
  return { exitCode: end.exitCode, stdout: output.stdout, stderr: output.stderr };
}

class Output {
  readonly #maxBytes: number;
  readonly #stdout: Buffer[] = [];
  readonly #stderr: Buffer[] = [];
  #bytes = 0;
  #errorBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isTooMuch(): boolean {
    return this.#bytes > this.#maxBytes;
  }

  get stdout(): Buffer {
    return Buffer.concat(this.#stdout);
  }

  get stderr(): string {
    return Buffer.concat(this.#stderr).toString().slice(0, maxErrorBytes).trim();
  }

  /** False once there is more than anybody wants. */
  take(bytes: Buffer, stream: "stdout" | "stderr"): boolean {
    if (stream === "stderr") {
      if (this.#errorBytes < maxErrorBytes) this.#stderr.push(bytes);
      this.#errorBytes += bytes.length;
    } else {
      this.#bytes += bytes.length;
      if (!this.isTooMuch) this.#stdout.push(bytes);
    }
    return !this.isTooMuch;
  }
}
