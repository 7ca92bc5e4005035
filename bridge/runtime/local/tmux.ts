/**
 * Runs tmux for one environment: always with our own configuration and an explicit socket. Arguments are fixed
 * words of ours; whatever people choose reaches a process as its environment or working directory, never as a
 * command or a format.
 */
import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { limits } from "../../../durable-objects/protocol/timing.ts";
import { RuntimeFailure } from "../runtime.ts";
import { argument, type Opening, type RunTmux } from "../session/tmux-session.ts";

const configuration = fileURLToPath(new URL("tmux.conf", import.meta.url));
const shellScript = fileURLToPath(new URL("shell.sh", import.meta.url));
const restoredScript = fileURLToPath(new URL("restored.sh", import.meta.url));
/** `=` asks for exactly this session, without tmux's prefix matching. */
export const mainSession = "=main";
/** The selected window's active pane. */
export const selectedPane = `${mainSession}:`;
/** What tmux calls a window that nobody has named. */
const unnamed = ["-n", "shell"];
/** The most lines of the widest terminal with characters of four bytes, some of them with marks. */
const maxHistoryBytes = 16 * 1_048_576;

const firstNotice = "This environment runs on this machine, with the programs that are installed here.";
const freshNotice = "The shell had ended; this is a fresh one.";

/** The tmux server of one environment: the program and its socket. */
export interface TmuxServer {
  program: string;
  socket: string;
}

export interface StartOptions {
  workspace: string;
  environment: Record<string, string>;
  shell: string;
  size: { cols: number; rows: number };
  /** Of a session that is restored; without one the shell says `notice`. */
  opening?: Opening | undefined;
  notice?: string | undefined;
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

/** The arguments with which a client attaches to a session. -N: where the server has just ended, it starts none. */
export function attachArguments(server: TmuxServer, session: string, flags: string[] = []): string[] {
  return ["-N", "-S", server.socket, "-f", configuration, "-u", "attach-session", ...flags, "-t", session];
}

/** Starts the server with its one session; resolves with the server's pid. */
export async function startServer(server: TmuxServer, options: StartOptions, signal: AbortSignal): Promise<number> {
  const size = ["-x", String(options.size.cols), "-y", String(options.size.rows)];
  const command = ["new-session", "-d", "-P", "-F", "#{pid}", "-s", "main", ...unnamed, ...size];
  const shell = paneCommand(server, options.shell, options.opening, options.notice);
  const printed = await run(server, [...command, "--", ...shell], {
    cwd: options.workspace,
    env: options.environment,
    signal,
  });
  return Number(printed.trim());
}

/** Opens a window after the others, not selected; resolves with tmux's id of it. */
export async function openWindow(server: TmuxServer, options: { cwd: string; shell: string }): Promise<string> {
  const command = ["new-window", "-d", "-P", "-F", "#{window_id}", "-a", "-t", `${mainSession}:{end}`, ...unnamed];
  const shell = paneCommand(server, options.shell, undefined, "");
  const printed = await run(server, [...command, "--", ...shell], { cwd: options.cwd });
  return printed.trim();
}

/** What runs in a pane: `notice` is said before the first shell; empty for none. */
export function paneCommand(server: TmuxServer, shell: string, opening?: Opening, notice = firstNotice): string[] {
  if (opening === undefined) return ["sh", shellScript, notice, freshNotice, shell, server.program];
  const restored = ["sh", restoredScript, argument(opening.path), argument(opening.directory), freshNotice];
  return [...restored, ...paneCommand(server, shell, undefined, "")];
}

/** Runs commands against this server. */
export function runTmux(server: TmuxServer): RunTmux {
  return (command, options) => run(server, command, options);
}

/** Ends the server; one that is not there is fine. */
export async function killServer(server: TmuxServer): Promise<void> {
  await run(server, ["kill-server"]).catch(ignoreUnavailable);
}

/** The pids of the attached clients, with the terminal of each. */
export async function listClients(server: TmuxServer): Promise<{ pid: number; tty: string }[]> {
  const printed = await run(server, ["list-clients", "-F", "#{client_pid} #{client_tty}"]);
  return printed.split("\n").flatMap((line) => {
    const [pid, tty] = line.split(" ");
    return pid === undefined || tty === undefined ? [] : [{ pid: Number(pid), tty }];
  });
}

export async function detachClient(server: TmuxServer, tty: string): Promise<void> {
  await run(server, ["detach-client", "-t", tty]).catch(ignoreUnavailable);
}

/** The size a window has now. */
export async function windowSize(server: TmuxServer, target: string): Promise<{ cols: number; rows: number }> {
  const [cols, rows] = (await display(server, target, "#{window_width} #{window_height}")).split(" ").map(Number);
  return { cols: cols || limits.defaultCols, rows: rows || limits.defaultRows };
}

/** When a program in any window last printed something, in seconds since the epoch. */
export async function lastOutputAt(server: TmuxServer): Promise<number> {
  const printed = await run(server, ["list-windows", "-t", mainSession, "-F", "#{window_activity}"]);
  return Math.max(...printed.trim().split("\n").map(Number));
}

/** Lines above the pane's screen: of all but the newest `before`, the newest `lines`, oldest first. */
export async function capturedHistory(
  server: TmuxServer,
  pane: string,
  { before, lines }: { before: number; lines: number },
): Promise<{ lines: string[]; hasMore: boolean }> {
  const size = ["display-message", "-p", "-t", pane, "#{history_size}"];
  const range = ["-S", String(-(before + lines)), "-E", String(-(before + 1))];
  // As one command list, so that nothing is printed between the two.
  const printed = await run(server, [...size, ";", "capture-pane", "-p", "-t", pane, ...range], {
    maxBuffer: maxHistoryBytes,
  });
  const [total = "0", ...captured] = printed.replace(/\n$/, "").split("\n");
  // tmux gives the nearest line there is where the range lies above all of them.
  const found = Math.max(0, Math.min(lines, Number(total) - before));
  return { lines: captured.slice(0, found), hasMore: Number(total) > before + lines };
}

/** A format of ours, expanded for a window or pane. */
async function display(server: TmuxServer, target: string, format: string): Promise<string> {
  return (await run(server, ["display-message", "-p", "-t", target, format])).trim();
}

interface RunOptions {
  maxBuffer?: number;
  cwd?: string;
  env?: Record<string, string>;
  signal?: AbortSignal;
}

/** Runs one tmux command; rejects with `unavailable` when there is no tmux, no server or an error. */
export async function run(server: TmuxServer, command: string[], options: RunOptions = {}): Promise<string> {
  return (await runForBytes(server, command, options)).toString();
}

/** The same where what is printed may be no UTF-8. */
export function runForBytes(server: TmuxServer, command: string[], options: RunOptions = {}): Promise<Buffer> {
  const env = options.env ?? { PATH: "/usr/local/bin:/usr/bin:/bin", LANG: "C.UTF-8" };
  return new Promise((resolve, reject) => {
    const args = ["-S", server.socket, "-f", configuration, "-u", ...command];
    const how = { ...options, env, timeout: 10_000, encoding: "buffer" } as const;
    execFile(server.program, args, how, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const why = error.code === "ENOENT" ? "tmux is not installed" : stderr.toString().trim() || error.message;
      reject(new RuntimeFailure("unavailable", why.slice(0, 300)));
    });
  });
}

export function ignoreUnavailable(error: unknown): void {
  if (!(error instanceof RuntimeFailure)) throw error;
}
