/** A Node program as a child in a process group of its own, with its output repeated. */
import { spawn } from "node:child_process";
import { repeatLines } from "./output.ts";
import type { Reaper } from "./reaper.ts";
import { signalGroup } from "./signals.ts";

/** Something that runs and can be ended; supervise.ts keeps it running. */
export interface Running {
  pid: number;
  /** Called once with how it ended. */
  onExit(listener: (how: string) => void): void;
  /** Ends it, politely for `graceMs` (4 s unless told); resolves when it is gone. */
  stop(graceMs?: number): Promise<void>;
}

export interface Program {
  name: string;
  /** Script and arguments for this Node. */
  args: string[];
  cwd: string;
  environment: NodeJS.ProcessEnv;
  /** Makes, for each start, the judge of which lines are repeated; all are without it. */
  newFilter?: () => (line: string) => boolean;
}

const stopWithinMs = 4_000;

export function startProgram(program: Program, reaper: Reaper): Running {
  const child = spawn(process.execPath, program.args, {
    cwd: program.cwd,
    env: program.environment,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${program.name} cannot be started`);
  reaper.guard(pid);
  const isShown = program.newFilter?.() ?? (() => true);
  repeatLines(program.name, child.stdout, isShown);
  repeatLines(program.name, child.stderr, isShown);
  const exited = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => {
      // What it started must not outlive it.
      signalGroup(pid, "SIGKILL");
      reaper.release(pid);
      resolve(signal === null ? `ended with code ${code}` : `was ended by ${signal}`);
    });
  });
  return {
    pid,
    onExit: (listener) => void exited.then(listener),
    stop: async (graceMs = stopWithinMs) => {
      signalGroup(pid, graceMs > 0 ? "SIGTERM" : "SIGKILL");
      const deadline = setTimeout(() => signalGroup(pid, "SIGKILL"), graceMs);
      await exited;
      clearTimeout(deadline);
    },
  };
}

/** Runs a program to its end; what it printed comes back in order, line by line. */
export function runProgram(program: Program): Promise<{ code: number | null; lines: string[] }> {
  const child = spawn(process.execPath, program.args, {
    cwd: program.cwd,
    env: program.environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (bytes: Buffer) => {
      text += bytes;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, lines: text.split("\n").filter((line) => line.trim() !== "") }));
  });
}
