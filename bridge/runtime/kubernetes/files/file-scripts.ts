/**
 * Runs the scripts of files in a pod: to their end, with a body as input, or for what they print. What such a script refuses comes
 * out as a RuntimeFailure; what nobody waits for any more is ended there, also where the connection to it is lost.
 */
import { fileFailures } from "../../../../durable-objects/protocol/files.ts";
import type { Bytes } from "../../files.ts";
import { RuntimeFailure } from "../../runtime.ts";
import { failing } from "../failures.ts";
import type { Pod } from "../pod.ts";
import { refusedExit } from "./scripts/prelude.ts";
import { type Script, scriptProgram } from "./scripts.ts";
import { outputOf, withInput } from "./stream.ts";

export class FileScripts {
  readonly #pod: Pod;

  constructor(pod: Pod) {
    this.#pod = pod;
  }

  /** What the script printed. */
  async run(script: Script, args: readonly string[], options: Parameters<Pod["run"]>[1] = {}): Promise<Buffer> {
    const { exitCode, stdout, stderr } = await failing(() => this.#pod.run(scriptProgram(script, args), options));
    refuse(exitCode, stderr);
    return stdout;
  }

  /** The same with a body as its input, of a script that names its process first. */
  async feed(script: Script, args: readonly string[], body: Bytes): Promise<Buffer> {
    const { exitCode, stdout, stderr } = await failing(() =>
      withInput(this.#pod, scriptProgram(script, args), body, (process) => this.#end(process)),
    );
    refuse(exitCode, stderr);
    return stdout;
  }

  /**
   * What the script prints after the line that names its process, as it comes. Of a `length` that was promised less is
   * `file_changed`.
   */
  async *read(script: Script, args: readonly string[], length: number | null): Bytes {
    const output = outputOf(this.#pod, scriptProgram(script, args), refuse);
    let process = "";
    let bytes = 0;
    let isOver = false;
    const body = afterProcess(output, (named) => {
      process = named;
    });
    try {
      for await (const chunk of body) {
        bytes += chunk.byteLength;
        yield chunk;
      }
      isOver = true;
    } finally {
      if (!isOver) this.#end(process);
    }
    if (length !== null && bytes < length)
      throw new RuntimeFailure("file_changed", "The file was shortened while it was read");
  }

  #end(process: string): void {
    if (/^\d+$/.test(process)) void this.run("end", [process]).catch(() => undefined);
  }
}

/** All that is printed but the first line, which names the process. */
async function* afterProcess(output: Bytes, onProcess: (process: string) => void): Bytes {
  let head = Buffer.alloc(0);
  let isBegun = false;
  for await (const chunk of output) {
    if (isBegun) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf(0x0a);
    if (end === -1) continue;
    isBegun = true;
    onProcess(head.toString("latin1", 0, end));
    if (end + 1 < head.length) yield head.subarray(end + 1);
  }
}

/** A script that refuses says why in one word. */
function refuse(exitCode: number, stderr: string): void {
  if (exitCode === 0) return;
  const code = fileFailures.find((each) => each === stderr.trim());
  if (exitCode === refusedExit && code !== undefined)
    throw new RuntimeFailure(code, `The environment refuses it (${code})`);
  throw new RuntimeFailure("unavailable", `The environment's programs failed: ${stderr.slice(0, 200)}`);
}
