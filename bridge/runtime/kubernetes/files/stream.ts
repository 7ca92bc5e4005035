/**
 * Programs in a pod whose input or output is a file's content: passed on no faster than it is taken. Those that neither take
 * nor give anything are given up, with their connections.
 */
import { inBlocks } from "../../bodies.ts";
import type { Bytes } from "../../files.ts";
import { patiently } from "../../patiently.ts";
import { RuntimeFailure } from "../../runtime.ts";
import type { ExecChannel, ExecEnd } from "../exec/channel.ts";
import type { Pod } from "../pod.ts";

/** What may wait here before the program's output is held back at its source. */
const highBytes = 1_048_576;
const lowBytes = 262_144;
const inputBytes = 262_144;
/** A program says what its process is before anything else. */
const processWithinMs = 5_000;

/** What a program prints, as it comes. Throws `unavailable` where it was cut, and what `onExit` throws for its end. */
export async function* outputOf(
  pod: Pod,
  command: readonly string[],
  onExit: (exitCode: number, stderr: string) => void,
): Bytes {
  const output = new Waiting();
  const channel = await open(pod, command, output, false);
  try {
    const next = () => patiently(output.next());
    for (let chunk = await next(); chunk !== null; chunk = await next()) yield chunk;
    const { end, stderr } = output;
    if (end?.kind !== "ended") throw new RuntimeFailure("unavailable", "The way to the environment was cut");
    onExit(end.exitCode, stderr);
  } finally {
    channel.close();
  }
}

/**
 * Runs a program with a body as its input, which it reads to an end that it knows, and which says first what its process is.
 * Answers what it printed after that. Losing a connection ends no program: one that waits for input in vain is for `onCut`.
 */
export async function withInput(
  pod: Pod,
  command: readonly string[],
  body: Bytes,
  onCut: (process: string) => void,
): Promise<{ exitCode: number; stdout: Buffer; stderr: string }> {
  const output = new Waiting();
  const channel = await open(pod, command, output, true);
  let printed = Buffer.alloc(0);
  const hear = async () => {
    const chunk = await output.next();
    if (chunk !== null) printed = Buffer.concat([printed, chunk]);
    return chunk !== null;
  };
  try {
    for await (const block of inBlocks(body, inputBytes)) {
      if (output.end !== null) break;
      await patiently(channel.write(block));
    }
    if (output.end === null) channel.endInput();
    while (await patiently(hear()));
    const { end, stderr } = output;
    if (end?.kind !== "ended") throw new RuntimeFailure("unavailable", "The way to the environment was cut");
    return { exitCode: end.exitCode, stdout: printed.subarray(printed.indexOf("\n") + 1), stderr };
  } catch (error) {
    while (!printed.includes("\n") && (await patiently(hear(), processWithinMs).catch(() => false)));
    onCut(printed.toString("latin1", 0, Math.max(0, printed.indexOf("\n"))));
    throw error;
  } finally {
    channel.close();
  }
}

async function open(pod: Pod, command: readonly string[], output: Waiting, stdin: boolean): Promise<ExecChannel> {
  const never = new AbortController().signal;
  output.channel = await pod.open({ command, tty: false, stdin }, output.events, never);
  return output.channel;
}

/** Output between the socket, which pushes, and whoever takes it. */
class Waiting {
  channel: ExecChannel | null = null;
  end: ExecEnd | null = null;
  stderr = "";
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #wake: (() => void) | null = null;

  readonly events = {
    onOutput: (bytes: Buffer, stream: "stdout" | "stderr") => this.#take(bytes, stream),
    onEnd: (end: ExecEnd) => {
      this.end = end;
      this.#wake?.();
    },
  };

  /** The next bytes, or null after the last. */
  async next(): Promise<Uint8Array | null> {
    while (this.#chunks.length === 0 && this.end === null) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const chunk = this.#chunks.shift() ?? null;
    this.#bytes -= chunk?.length ?? 0;
    if (this.#bytes < lowBytes && this.channel?.isPaused) this.channel.resume();
    return chunk;
  }

  #take(bytes: Buffer, stream: "stdout" | "stderr"): void {
    if (stream === "stderr") {
      this.stderr = (this.stderr + bytes.toString()).slice(0, 1_024);
      return;
    }
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes > highBytes) this.channel?.pause();
    this.#wake?.();
  }
}
