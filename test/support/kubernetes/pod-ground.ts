/**
 * What a pod of an environment looks like to its processes, on this machine: a directory with the same places below, and
 * init.sh in it, run by any shell. Where the machine allows it, in a process namespace of its own, as its first process.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { vi } from "vitest";
import { readInitFiles } from "../../../bridge/runtime/kubernetes/init/files.ts";
import { type InitLine, parseInitLine } from "../../../bridge/runtime/kubernetes/init/lines.ts";

/** Arguments that make a shell of that name run a script. */
export type ShellProgram = readonly string[];

const candidates: ShellProgram[] = [["dash"], [process.env["BUSYBOX"] ?? "busybox", "ash"], ["bash", "--posix"]];

/** The absolute path of a program, or null. */
function pathOf(program: string): string | null {
  const found = spawnSync("sh", ["-c", 'command -v "$1"', "sh", program], { encoding: "utf8" });
  return found.status === 0 ? found.stdout.trim() : null;
}

/** The shells of this machine, by absolute paths, with their names; not each machine has all. */
export const shells = candidates.flatMap(([program = "", ...args]) => {
  const path = pathOf(program);
  return path === null ? [] : [{ name: [basename(program), ...args].join(" "), shell: [path, ...args] }];
});
export const missingShells = candidates.flatMap(([program = ""]) => (pathOf(program) === null ? [program] : []));

const ownNamespace = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
/** Whether a process here may be the first of a namespace. */
export const hasProcessNamespaces = spawnSync(ownNamespace[0] ?? "", [...ownNamespace.slice(1), "true"]).status === 0;

export interface Started {
  startup?: readonly string[];
  variables?: Record<string, string>;
  /** As the first process of a namespace. */
  isFirst?: boolean;
}

export class PodGround {
  readonly root = mkdtempSync(join(tmpdir(), "dp-pod-"));
  readonly #shell: ShellProgram;
  #child: ChildProcess | null = null;
  #text = "";

  constructor(shell: ShellProgram) {
    this.#shell = shell;
    for (const path of ["devpocket/init", "devpocket/run", "devpocket/startup", "devpocket/tools", "devpocket/volume"])
      mkdirSync(this.path(path), { recursive: true });
    for (const path of ["workspace", "home/devpocket", "dev"]) mkdirSync(this.path(path), { recursive: true });
    writeFileSync(this.path("dev/termination-log"), "");
    for (const [name, text] of Object.entries(readInitFiles())) {
      writeFileSync(this.path("devpocket/init", name), text);
      chmodSync(this.path("devpocket/init", name), 0o555);
    }
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  read(path: string): string {
    return readFileSync(this.path(path), "utf8");
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** The log so far. */
  get lines(): InitLine[] {
    const whole = this.#text.split("\n").slice(0, -1);
    return whole.map(parseInitLine);
  }

  get output(): string[] {
    return this.lines.flatMap((line) => (line.kind === "output" ? [line.text] : []));
  }

  /** Begins the container; what an earlier one printed is forgotten, what it left on the volume is there. */
  start({ startup = [], variables = {}, isFirst = false }: Started = {}): void {
    rmSync(this.path("devpocket/startup"), { recursive: true });
    mkdirSync(this.path("devpocket/startup"));
    for (const [index, command] of startup.entries())
      writeFileSync(this.path("devpocket/startup", String(index).padStart(4, "0")), command);
    this.#text = "";
    const command = [...(isFirst ? ownNamespace : []), ...this.#shell, this.path("devpocket/init/init.sh")];
    const child = spawn(command[0] ?? "", command.slice(1), {
      cwd: this.path("workspace"),
      env: {
        PATH: "/usr/local/bin:/usr/bin:/bin",
        HOME: this.path("home/devpocket"),
        TMUX_TMPDIR: this.path("devpocket/run/own"),
        LANG: "C.UTF-8",
        ...variables,
      },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (this.#text += text));
    this.#child = child;
  }

  /** Waits until the state file says so; resolves with it. */
  async becomes(pattern: RegExp): Promise<string> {
    const look = () => {
      const path = this.path("devpocket/run/state");
      const state = existsSync(path) ? readFileSync(path, "utf8").trim() : "";
      return pattern.test(state) ? state : undefined;
    };
    return await this.#until(look, `the state ${pattern}`);
  }

  /** Waits for a line of the log. */
  async says(is: (line: InitLine) => boolean): Promise<InitLine> {
    return await this.#until(() => this.lines.find(is), "a line of the log");
  }

  /** What an exec of this tmux command would print. */
  tmux(...command: string[]): string {
    const [program = "", ...args] = [...this.#shell, this.path("devpocket/init/tmux.sh"), ...command];
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  }

  /** Types a line into the selected window. */
  type(line: string): void {
    this.tmux("send-keys", "-t", "=main:", "-l", line);
    this.tmux("send-keys", "-t", "=main:", "Enter");
  }

  /** Waits until the selected window's screen matches. */
  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    const screen = () => this.tmux("capture-pane", "-p", "-J", "-t", "=main:");
    return await this.#until(() => pattern.exec(screen()) ?? undefined, `a screen with ${pattern}`);
  }

  /** Sends the signal to init.sh and resolves with how it ended. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    const pid = this.#child === null ? 0 : firstProcess(this.#child);
    if (pid !== 0) process.kill(pid, signal);
    return await this.ended();
  }

  async ended(): Promise<number | null> {
    const child = this.#child;
    if (child === null) return null;
    await this.#until(() => (child.exitCode === null && child.signalCode === null ? undefined : true), "its end");
    return child.exitCode;
  }

  /** Ends what is left, commands that would not be ended included, and removes the ground. */
  async dispose(): Promise<void> {
    if (this.#child?.exitCode === null && this.#child.signalCode === null) await this.end();
    if (this.pid !== 0) endGroup(this.pid);
    rmSync(this.root, { recursive: true, force: true });
  }

  async #until<Value>(look: () => Value | undefined, what: string): Promise<Value> {
    try {
      return await vi.waitUntil(look, { timeout: 40_000, interval: 20 });
    } catch {
      throw new Error(`${what} never came; the end of the log is:\n${this.#text.slice(-2_000)}`);
    }
  }
}

/** Whether it still does something; one that nobody has asked after is a zombie. */
export function isAlive(pid: number): boolean {
  const state = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "latin1") : "";
  return state !== "" && !/\) [ZX] /.test(state);
}

function endGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** unshare hands signals on to nobody: its child is the one. */
function firstProcess(child: ChildProcess): number {
  const pid = child.pid ?? 0;
  if (!child.spawnargs[0]?.endsWith("unshare")) return pid;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return Number(children.split(" ")[0] ?? 0);
}
