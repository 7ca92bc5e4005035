/** Bytes a second down and up: through the runtime's files, and through a bare exec of `cat`. */
import { Readable } from "node:stream";
import { RuntimeFailure } from "../../../bridge/runtime/runtime.ts";
import { type Figure, plain } from "../targets/target.ts";
import { bareExec } from "./bare-exec.ts";
import type { Stage } from "./stage.ts";

const mebibyte = 2 ** 20;

export async function transfers(stage: Stage, megabytes: number): Promise<Figure[]> {
  const runtime = stage.openRuntime();
  const total = megabytes * mebibyte;
  try {
    const environment = stage.environment();
    await stage.begin(runtime, environment);
    const { id } = environment;
    const up = await bareUp(stage, id, total);
    const down = await bareDown(stage, id, total);
    const bare = [plain("bare exec up", rate(up, total)), plain("bare exec down", rate(down, total))];
    try {
      const files = await runtime.files(id);
      const began = performance.now();
      await files.write("bench-up", blocks(total), { length: total, condition: null });
      const written = performance.now();
      const file = await files.open("bench-up");
      let bytes = 0;
      for await (const chunk of file.read(0, total)) bytes += chunk.byteLength;
      const read = performance.now();
      await file.close();
      if (bytes !== total) throw new Error(`${bytes} of ${total} bytes came back`);
      const [ourUp, ourDown] = [written - began, read - written];
      return [
        ...bare,
        goal("files up", rate(ourUp, total), up / ourUp, 0.8),
        goal("files down", rate(ourDown, total), down / ourDown, 0.5),
      ];
    } catch (error) {
      if (!(error instanceof RuntimeFailure && error.code === "unavailable")) throw error;
      return [...bare, plain("files", "not served by this runtime")];
    }
  } finally {
    await runtime.close();
    await stage.clear();
  }
}

function goal(what: string, speed: string, share: number, wanted: number): Figure {
  return { what, is: `${speed}, ${share.toFixed(2)}x of bare`, goal: `>= ${wanted}x`, isMet: share >= wanted };
}

const rate = (milliseconds: number, bytes: number) => `${(bytes / mebibyte / (milliseconds / 1000)).toFixed(1)} MiB/s`;

async function* blocks(total: number): AsyncGenerator<Buffer> {
  const block = Buffer.alloc(256 * 1024, "x");
  for (let sent = 0; sent < total; sent += block.byteLength) yield block;
}

/** Of an input whose end nobody can be told of. */
async function* endless(input: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield* input;
  await new Promise(() => {});
}

async function bareUp(stage: Stage, id: string, total: number): Promise<number> {
  const quiet = { isTerminal: false, input: null, onOutput: () => {} };
  const { protocol, ended } = await bareExec(stage, id, ["true"], quiet);
  await ended;
  const canEnd = protocol.startsWith("v5");
  const begin = performance.now();
  const input = Readable.from(canEnd ? blocks(total) : endless(blocks(total)));
  const command = `${canEnd ? "cat" : `head -c ${total}`} > /workspace/bare`;
  const exec = await bareExec(stage, id, ["sh", "-c", command], { ...quiet, input });
  await exec.ended;
  return performance.now() - begin;
}

async function bareDown(stage: Stage, id: string, total: number): Promise<number> {
  let bytes = 0;
  const begin = performance.now();
  const count = (chunk: Buffer) => {
    bytes += chunk.byteLength;
  };
  const exec = await bareExec(stage, id, ["sh", "-c", "cat /workspace/bare; rm /workspace/bare"], {
    isTerminal: false,
    input: null,
    onOutput: count,
  });
  await exec.ended;
  if (bytes !== total) throw new Error(`${bytes} of ${total} bytes came down`);
  return performance.now() - begin;
}
