/** The commands of one environment's tmux session: it begins, windows open in it, clients come and go. */
import { limits } from "../../../durable-objects/protocol/timing.ts";
import type { TerminalSize } from "../runtime.ts";
import type { Opening } from "../session/tmux-session.ts";
import { argument, ask, ignoreUnavailable, mainSession, type TmuxDoor, type TmuxPlaces } from "./door.ts";

/** What tmux calls a window that nobody has named. */
const unnamed = ["-n", "shell"];
const freshNotice = "The shell had ended; this is a fresh one.";

/** How a client attaches to a session. */
export function attachCommand(session: string, flags: readonly string[] = []): string[] {
  return ["attach-session", ...flags, "-t", session];
}

/** How a server begins with its one session: `notice` is said before the first shell, unless the session is restored. */
export function beginCommand(places: TmuxPlaces, options: { opening?: Opening | undefined; notice: string }): string[] {
  const size = ["-x", String(limits.defaultCols), "-y", String(limits.defaultRows)];
  const begin = ["new-session", "-d", "-P", "-F", "#{pid}", "-s", "main", ...unnamed, ...size];
  return [...begin, "--", ...paneCommand(places, options)];
}

/** What runs in a pane; an empty notice is none. */
export function paneCommand(
  places: TmuxPlaces,
  { opening, notice }: { opening?: Opening | undefined; notice: string },
): string[] {
  if (opening === undefined) return ["sh", places.shellScript, notice, freshNotice, places.shell, ...places.tmux];
  const restored = ["sh", places.restoredScript, argument(opening.path), argument(opening.directory), freshNotice];
  return [...restored, ...paneCommand(places, { notice: "" })];
}

/** Opens a window after the others, not selected; resolves with tmux's id of it. */
export async function openWindow(door: TmuxDoor, cwd: string): Promise<string> {
  const command = ["new-window", "-d", "-P", "-F", "#{window_id}", "-a", "-t", `${mainSession}:{end}`, ...unnamed];
  return (await ask(door, [...command, "--", ...paneCommand(door.places, { notice: "" })], { cwd })).trim();
}

/** Ends the server; one that is not there is fine. */
export async function killServer(door: TmuxDoor): Promise<void> {
  await door.run(["kill-server"]).catch(ignoreUnavailable);
}

/** The pids of the attached clients, with the terminal of each; of all sessions, or of one. */
export async function listClients(door: TmuxDoor, session?: string): Promise<{ pid: number; tty: string }[]> {
  const which = session === undefined ? [] : ["-t", `=${session}`];
  const printed = await ask(door, ["list-clients", ...which, "-F", "#{client_pid} #{client_tty}"]);
  return printed.split("\n").flatMap((line) => {
    const [pid, tty] = line.split(" ");
    return pid === undefined || tty === undefined ? [] : [{ pid: Number(pid), tty }];
  });
}

export async function detachClient(door: TmuxDoor, tty: string): Promise<void> {
  await door.run(["detach-client", "-t", tty]).catch(ignoreUnavailable);
}

/** The size a window has now. */
export async function windowSize(door: TmuxDoor, target: string): Promise<TerminalSize> {
  const printed = await ask(door, ["display-message", "-p", "-t", target, "#{window_width} #{window_height}"]);
  const [cols, rows] = printed.trim().split(" ").map(Number);
  return { cols: cols || limits.defaultCols, rows: rows || limits.defaultRows };
}

/** When a program in any window last printed something, since the epoch. */
export async function lastOutputAtSeconds(door: TmuxDoor): Promise<number> {
  const printed = await ask(door, ["list-windows", "-t", mainSession, "-F", "#{window_activity}"]);
  return Math.max(...printed.trim().split("\n").map(Number));
}
