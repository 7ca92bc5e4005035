/** A container's processes: PID 1 in namespaces of its own, and everything that is started beside it. They die together. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { ContainerLog } from "./container-log.ts";
import { enterScript, joinCommand, namespaceCommand } from "./programs.ts";
import { exitCodeOf } from "./signals.ts";

export interface SandboxSpec {
  root: string;
  table: string;
  hostname: string;
  directory: string;
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  user: number;
  group: number;
}

export interface ExitStatus {
  code: number;
  signal: NodeJS.Signals | null;
}

/** The container could not be started; `message` is what the runtime says. */
export class StartFailure extends Error {}

export class Sandbox {
  /** PID 1, in this machine's counting. */
  readonly pid: number;
  readonly spec: SandboxSpec;
  readonly exit: Promise<ExitStatus>;
  readonly #child: ChildProcess;
  #isOver = false;

  private constructor(child: ChildProcess, pid: number, spec: SandboxSpec, exit: Promise<ExitStatus>) {
    this.#child = child;
    this.pid = pid;
    this.spec = spec;
    this.exit = exit;
    void exit.then(() => {
      this.#isOver = true;
    });
  }

  /** Resolves once the command runs. Throws StartFailure. */
  static async start(spec: SandboxSpec, log: ContainerLog): Promise<Sandbox> {
    const { file, args } = namespaceCommand(spec.user, spec.group);
    const script = ["/bin/sh", enterScript, spec.root, spec.table, spec.hostname, spec.directory, ...spec.command];
    const child = spawn(file, [...args, ...script], {
      cwd: "/",
      env: { ...spec.env },
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stdio[3]]) stream?.on("data", (bytes: Buffer) => log.write(bytes));
    const progress = new ProgressReader(child.stderr);
    const exit = exitOf(child, progress);
    void exit.then(() => log.end());
    await progress.isTold;
    if (progress.isReady && progress.pid !== null) return new Sandbox(child, progress.pid, spec, exit);
    child.kill("SIGKILL");
    await exit;
    const [program] = spec.command;
    const why = progress.isMissing ? `exec: "${program}": executable file not found in $PATH` : progress.told;
    throw new StartFailure(
      `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${why}: unknown`,
    );
  }

  get isRunning(): boolean {
    return !this.#isOver;
  }

  /** As the runtime sends it to PID 1. The kernel gives PID 1 no signal it has no handler for, except KILL. */
  kill(signal: NodeJS.Signals): void {
    if (this.#isOver) return;
    try {
      process.kill(this.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  /** Ends everything in it, whatever state it is in. */
  async destroy(): Promise<void> {
    this.kill("SIGKILL");
    this.#child.kill("SIGKILL");
    await this.exit;
  }

  /** How to run a command beside PID 1. */
  join(
    command: readonly string[],
    env: Readonly<Record<string, string>> = this.spec.env,
  ): { file: string; args: string[]; env: Record<string, string> } {
    const { file, args } = joinCommand(this.pid);
    return {
      file,
      args: [...args, "/usr/bin/env", "-u", "PWD", "-C", this.spec.directory, ...command],
      env: { ...env },
    };
  }

  /** Whether the container has this program, by its PATH or by its path. */
  has(program: string): boolean {
    const directories = program.includes("/") ? [""] : (this.spec.env["PATH"] ?? "").split(":");
    return directories.some((directory) => isProgram(join(`/proc/${this.pid}/root`, directory, program)));
  }

  /** All processes in it, in this machine's counting. */
  pids(): number[] {
    const namespace = namespaceOf(this.pid);
    if (namespace === null) return [];
    const all = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
    return all.filter((pid) => namespaceOf(pid) === namespace);
  }
}

function exitOf(child: ChildProcess, progress: ProgressReader): Promise<ExitStatus> {
  return new Promise((resolve) => {
    child.on("error", () => resolve({ code: 128, signal: null }));
    child.on("close", (code, signal) => {
      // unshare dies of what its child died of, but cannot do so for KILL: then it complains and ends with 1.
      if (code === 1 && progress.hasComplaint) resolve({ code: 137, signal: "SIGKILL" });
      else resolve({ code: exitCodeOf(code, signal), signal });
    });
  });
}

/** What enter.sh and unshare say: where PID 1 is, whether the command runs, what went wrong. */
class ProgressReader {
  #text = "";
  /** The command runs, or never will. */
  readonly isTold: Promise<void>;

  constructor(stream: Readable | null) {
    this.isTold = new Promise((resolve) => {
      stream?.on("data", (chunk: Buffer) => {
        this.#text += chunk.toString();
        if (this.isReady) resolve();
      });
      stream?.on("close", () => resolve());
    });
  }

  get pid(): number | null {
    const pid = /^pid (\d+)$/m.exec(this.#text)?.[1];
    return pid === undefined ? null : Number(pid);
  }

  get isReady(): boolean {
    return /^ready$/m.test(this.#text);
  }

  get isMissing(): boolean {
    return /^missing$/m.test(this.#text);
  }

  get hasComplaint(): boolean {
    return this.isReady && /^unshare: /m.test(this.#text);
  }

  get told(): string {
    const lines = this.#text.split("\n");
    return lines.filter((line) => line !== "" && !line.startsWith("pid ")).join("; ");
  }
}

function isProgram(path: string): boolean {
  if (!existsSync(path) && !isLink(path)) return false;
  const stats = lstatSync(path);
  return stats.isSymbolicLink() || (stats.isFile() && (stats.mode & 0o111) !== 0);
}

/** Absolute links lead elsewhere from outside; that they are there is enough. */
function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** The PID namespace a process is in; null where there is none (any more), or it is not ours to know. */
function namespaceOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return null;
  }
}
