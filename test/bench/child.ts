/** Children of the benchmark: started with a pipe as stdin, told to end by closing it or by a signal, awaited. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "../support/source-tree.ts";

export interface Child {
  pid: number;
  /** The first group of `ready` in the line that matched it. */
  announced: string;
  stop(): Promise<void>;
}

export interface ChildOptions {
  workingDirectory?: string;
  environment?: NodeJS.ProcessEnv;
  /** Matches the line of stdout that says it is ready. */
  ready?: RegExp;
  /** How it is asked to end; scripts of this folder end with their stdin. */
  endSignal?: "SIGTERM";
}

/** The whole product starts here, on a machine that others may keep busy. */
const readyWithinMs = 150_000;

/** Starts a program and waits for its line; throws with the last lines when it ends before. It never outlives us. */
export async function startChild(
  [file, ...args]: readonly [string, ...string[]],
  options: ChildOptions = {},
): Promise<Child> {
  const { workingDirectory: cwd, environment = process.env, ready = /^listening (.+)$/, endSignal } = options;
  const child = spawn(file, args, { cwd, env: environment, stdio: ["pipe", "pipe", "inherit"] });
  const endWithUs = () => child.kill();
  process.once("exit", endWithUs);
  child.once("exit", () => process.off("exit", endWithUs));
  const announced = await readyLine([file, ...args].join(" "), child, ready);
  if (child.pid === undefined) throw new Error(`${file} has no process id`);
  return { pid: child.pid, announced, stop: () => end(child, endSignal) };
}

function readyLine(command: string, child: ChildProcess, ready: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const last: string[] = [];
    const fail = (why: string) => reject(new Error(`${command} ${why}; it printed:\n${last.join("\n")}`));
    const deadline = setTimeout(() => fail(`was not ready in ${readyWithinMs} ms`), readyWithinMs);
    child.once("exit", (code) => fail(`ended with ${code}`));
    if (child.stdout === null) return fail("has no output");
    createInterface(child.stdout).on("line", (line) => {
      if (last.push(line) > 20) last.shift();
      const match = ready.exec(line);
      if (!match) return;
      clearTimeout(deadline);
      resolve(match[1] ?? line);
    });
  });
}

/** The command line that runs a TypeScript file of this repository, given relative to its root. */
export function script(path: string, ...args: string[]): [string, ...string[]] {
  return [process.execPath, join(root, path), ...args];
}

async function end(child: ChildProcess, signal?: "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  if (signal) child.kill(signal);
  else child.stdin?.end();
  await exited;
}
