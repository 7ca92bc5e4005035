/** The door to the tmux of a local environment: always with our own configuration and an explicit socket. */
import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RuntimeFailure } from "../runtime.ts";
import type { Opening } from "../session/tmux-session.ts";
import type { TmuxDoor, TmuxOptions, TmuxPlaces } from "../tmux/door.ts";
import { attachCommand, beginCommand } from "../tmux/session.ts";
import { shellProgram } from "./shell-environment.ts";

const fileOf = (name: string) => fileURLToPath(new URL(`../tmux/${name}`, import.meta.url));
const configuration = fileOf("tmux.conf");
const deadlineMs = 10_000;

const firstNotice = "This environment runs on this machine, with the programs that are installed here.";

export interface StartOptions {
  workspace: string;
  environment: Record<string, string>;
  /** Of a session that is restored; without one the shell says `notice`. */
  opening?: Opening | undefined;
  notice?: string | undefined;
}

interface RunOptions extends TmuxOptions {
  env?: Record<string, string>;
}

export class LocalTmux implements TmuxDoor {
  readonly program: string;
  readonly socket: string;
  readonly places: TmuxPlaces;

  constructor({ program, socket }: { program: string; socket: string }) {
    this.program = program;
    this.socket = socket;
    const scripts = { shellScript: fileOf("shell.sh"), restoredScript: fileOf("restored.sh") };
    this.places = { ...scripts, shell: shellProgram(), tmux: [program] };
  }

  run(command: readonly string[], options: RunOptions = {}): Promise<Buffer> {
    const env = options.env ?? { PATH: "/usr/local/bin:/usr/bin:/bin", LANG: "C.UTF-8" };
    return new Promise((resolve, reject) => {
      const args = ["-S", this.socket, "-f", configuration, "-u", ...command];
      const how = { ...options, env, timeout: deadlineMs, encoding: "buffer" } as const;
      execFile(this.program, args, how, (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const why = error.code === "ENOENT" ? "tmux is not installed" : stderr.toString().trim() || error.message;
        reject(new RuntimeFailure("unavailable", why.slice(0, 300)));
      });
    });
  }

  /** Starts the server with its one session; resolves with the server's pid. */
  async start(options: StartOptions, signal: AbortSignal): Promise<number> {
    const { opening, notice = firstNotice, workspace, environment } = options;
    const command = beginCommand(this.places, { opening, notice });
    const printed = await this.run(command, { cwd: workspace, env: environment, signal });
    return Number(printed.toString().trim());
  }
}

/** The first tmux along `path` (as in PATH), or null. */
export function findTmux(path: string): string | null {
  const isExecutable = (program: string) => {
    try {
      accessSync(program, constants.X_OK);
      return true;
    } catch {
      return false; // not in this directory
    }
  };
  return (
    path
      .split(":")
      .map((directory) => join(directory || ".", "tmux"))
      .find(isExecutable) ?? null
  );
}

/** The arguments of a client that runs this command. -N: where the server has just ended, it starts none. */
export function clientArguments({ socket }: { socket: string }, command: string[]): string[] {
  return ["-N", "-S", socket, "-f", configuration, "-u", ...command];
}

/** The arguments with which a client attaches to a session. */
export function attachArguments(server: { socket: string }, session: string): string[] {
  return clientArguments(server, attachCommand(session));
}
