/**
 * The windows of a tmux session: looked at to be saved, and made again. Whatever people chose reaches tmux as an
 * argument that it does not read: never as a command, a format or a key.
 */
import { nameCommands, nameOption, shownOption } from "../local/window-name.ts";
import { RuntimeFailure } from "../runtime.ts";
import { type SavedSession, type SavedWindow, sessionLimits } from "./saved-session.ts";
import { capturedLines } from "./scrollback.ts";

/** Runs one tmux command, or several with `;` between, against the environment's server; rejects with a RuntimeFailure. */
export type RunTmux = (command: string[], options?: { maxBuffer: number }) => Promise<string>;

/** What a window of a restored session begins with. */
export interface Opening {
  /** A file with what to print, once. */
  path: string;
  /** Where to begin; empty = the workspace. */
  directory: string;
}

/** `=` asks for exactly this session, without tmux's prefix matching. */
const session = "=main";
/** The name as tmux keeps it, what tmux was told, and the name as it was asked for (window-name.ts). */
const nameFormat = `#{window_name}\t#{${shownOption}}\t#{${nameOption}}`;
const reset = "\u001b[0m";
const maxPrintedBytes = 33_554_432;
/** A cell with every attribute and three colours, and a character of many parts. */
const maxCellBytes = 128;

interface Pane {
  isWindowActive: boolean;
  isActive: boolean;
  isAlternate: boolean;
  historyLines: number;
  cols: number;
  id: string;
  name: string;
  directory: string;
}

/** Every window in order, by its active pane. Rejects when the server ends meanwhile: half a session is worth nothing. */
export async function captureSession(run: RunTmux): Promise<SavedSession> {
  const panes = await listPanes(run);
  const shown = panes.filter((pane) => pane.isActive);
  const kept = shown.slice(0, sessionLimits.maxWindows);
  const windows: SavedWindow[] = [];
  for (const pane of kept) {
    windows.push({ name: pane.name, directory: pane.directory, lines: capturedLines(await capture(run, pane)) });
  }
  const active = Math.max(
    0,
    kept.findIndex((pane) => pane.isWindowActive),
  );
  const omitted = { windows: shown.length - kept.length, panes: panes.length - shown.length };
  return { windows, active, omitted };
}

/** A directory's name may hold anything but NUL, so that the mark in front of each pane is made up anew. */
async function listPanes(run: RunTmux): Promise<Pane[]> {
  const mark = crypto.randomUUID();
  const flags = "#{window_active} #{pane_active} #{alternate_on} #{history_size} #{pane_width}";
  const format = `${mark}#{pane_id} ${flags} ${nameFormat}\t#{pane_current_path}`;
  const printed = await run(["list-panes", "-s", "-t", session, "-F", format]);
  return printed.split(mark).slice(1).map(paneOf);
}

function paneOf(printed: string): Pane {
  const [facts = "", shown, asked = "", ...directory] = printed.replace(/\n$/, "").split("\t");
  const [id = "", isWindowActive, isActive, isAlternate, historyLines, cols, ...kept] = facts.split(" ");
  const name = kept.join(" ");
  return {
    id,
    isWindowActive: isWindowActive === "1",
    isActive: isActive === "1",
    isAlternate: isAlternate === "1",
    historyLines: Number(historyLines),
    cols: Number(cols),
    // tmux keeps names as vis(3) writes them, and escapes what looks like a shell's variable.
    name: name === shown ? asked : name.replace(/\\([\\$])/g, "$1"),
    directory: directory.join("\t"),
  };
}

/** Of a full-screen program, what was on the screen before it. Each capture begins without colours. */
async function capture(run: RunTmux, { id, cols, isAlternate, historyLines }: Pane): Promise<string> {
  const mostLines = Math.floor(maxPrintedBytes / (maxCellBytes * Math.max(1, cols)));
  const from = String(-Math.min(sessionLimits.maxLines, mostLines));
  const print = (...range: string[]) =>
    run(["capture-pane", "-p", "-e", "-J", "-t", id, ...range], { maxBuffer: maxPrintedBytes });
  if (!isAlternate) return await print("-S", from);
  const above = historyLines > 0 ? await print("-S", from, "-E", "-1") : "";
  return above + reset + (await print("-a", "-q"));
}

/** Makes the windows behind the first, which is there, with `shell` in each; resolves with how many there are. What
 * cannot be made does not keep the rest from it. */
export async function restoreWindows(
  run: RunTmux,
  { windows, active }: SavedSession,
  openings: readonly Opening[],
  shell: (opening: Opening) => string[],
): Promise<number> {
  const tolerant: RunTmux = (command) => run(command).catch(ignoreRefused);
  const ids = [await tolerant(["display-message", "-p", "-t", `${session}:`, "#{window_id}"])];
  const make = [
    "new-window",
    "-d",
    "-a",
    "-P",
    "-F",
    "#{window_id}",
    "-t",
    `${session}:{end}`,
    "-c",
    "#{session_path}",
    "--",
  ];
  for (const opening of openings.slice(1)) ids.push(await tolerant([...make, ...shell(opening)]));
  const made = ids.map((id) => id.trim());
  for (const [index, id] of made.entries()) await name(tolerant, id, windows[index]?.name ?? "");
  await tolerant(["select-window", "-t", made[active] || (made[0] ?? "")]);
  return made.filter((id) => id !== "").length;
}

function ignoreRefused(error: unknown): string {
  if (!(error instanceof RuntimeFailure)) throw error;
  return "";
}

async function name(run: RunTmux, windowId: string, text: string): Promise<void> {
  if (windowId !== "" && text !== "") await run(nameCommands(windowId, text));
}

/** Text as an argument of a tmux command: a `;` at its end would begin another one. */
export function argument(text: string): string {
  return text.endsWith(";") ? `${text.slice(0, -1)}\\;` : text;
}
