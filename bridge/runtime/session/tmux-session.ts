/**
 * The windows of a tmux session: looked at to be saved, and made again. Whatever people chose reaches tmux as an
 * argument that it does not read: never as a command, a format or a key.
 */
import { setImmediate } from "node:timers/promises";
import { RuntimeFailure } from "../runtime.ts";
import { mainSession, selectedPane } from "../tmux/door.ts";
import { nameCommands, nameOption, plainName, shownOption } from "../tmux/window-name.ts";
import { boundedWindow, lineBounds, type SavedSession, type SavedWindow, sessionLimits } from "./saved-session.ts";
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

/** The name as tmux keeps it, what tmux was told, and the name as it was asked for (window-name.ts). */
const nameFormat = `#{window_name}\t#{${shownOption}}\t#{${nameOption}}`;
/** No more ids of windows that were closed are skipped in a session, whatever a planted one says: each costs a process. */
const maxSkippedIds = 500;
const skippedAtOnce = 50;
const skipId = ["new-session", "-d", "-s", "skipped", "--", "cat", ";", "kill-session", "-t", "=skipped", ";"];
const showId = ["display-message", "-p", "-t", selectedPane, "#{window_id}"];
/** A window behind the others; its directory is the session's, by a format that yields it unread. */
const makeWindow = [
  ...["new-window", "-d", "-a", "-P", "-F", "#{window_id}", "-t", `${mainSession}:{end}`],
  ...["-c", "#{session_path}", "--"],
];
const reset = "\u001b[0m";
const maxPrintedBytes = 33_554_432;
/** A cell with every attribute and three colours, and a character of many parts. */
const maxCellBytes = 128;

interface Pane {
  windowId: number;
  isWindowActive: boolean;
  isActive: boolean;
  isAlternate: boolean;
  historyLines: number;
  cols: number;
  id: string;
  name: string;
  directory: string;
}

/** Every window in order, by its active pane, within all limits. Rejects when the server ends meanwhile: half a session is
 * worth nothing. */
export async function captureSession(run: RunTmux): Promise<SavedSession> {
  const panes = await listPanes(run);
  const shown = panes.filter((pane) => pane.isActive);
  const kept = shown.slice(0, sessionLimits.maxWindows);
  const windows: SavedWindow[] = [];
  const bounds = lineBounds(kept.length);
  for (const [index, printed] of (await capture(run, kept)).entries()) {
    // The process does other things between two.
    if (index > 0) await setImmediate();
    const { windowId: id, name, directory } = kept[index] as Pane;
    windows.push(boundedWindow({ id, name, directory }, capturedLines(printed, bounds)));
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
  const format = `${mark}#{pane_id} #{window_id} ${flags} ${nameFormat}\t#{pane_current_path}`;
  const printed = await run(["list-panes", "-s", "-t", mainSession, "-F", format]);
  return printed.split(mark).slice(1).map(paneOf);
}

function paneOf(printed: string): Pane {
  const [facts = "", shown, asked = "", ...directory] = printed.replace(/\n$/, "").split("\t");
  const [id = "", windowId = "", isWindowActive, isActive, isAlternate, historyLines, cols, ...kept] = facts.split(" ");
  const name = kept.join(" ");
  return {
    id,
    windowId: numberOf(windowId),
    isWindowActive: isWindowActive === "1",
    isActive: isActive === "1",
    isAlternate: isAlternate === "1",
    historyLines: Number(historyLines),
    cols: Number(cols),
    name: name === shown ? asked : plainName(name),
    directory: directory.join("\t"),
  };
}

/** What each pane shows, by as few commands as its length allows: each is a process, in a pod an exec. */
async function capture(run: RunTmux, panes: readonly Pane[]): Promise<string[]> {
  const mark = crypto.randomUUID();
  const commands = panes.flatMap((pane) => [...captures(pane, mark), ";", "display-message", "-p", mark, ";"]);
  try {
    const printed = await run(commands.slice(0, -1), { maxBuffer: maxPrintedBytes });
    return printed
      .split(`${mark}\n`)
      .slice(0, -1)
      .map((each) => each.replace(`${mark}:\n`, reset));
  } catch (error) {
    const half = Math.ceil(panes.length / 2);
    if (!(error instanceof RuntimeFailure) || panes.length < 2) throw error;
    return [...(await capture(run, panes.slice(0, half))), ...(await capture(run, panes.slice(half)))];
  }
}

/** Of a full-screen program, what was on the screen before it, which begins without colours. */
function captures({ id, cols, isAlternate, historyLines }: Pane, mark: string): string[] {
  const mostLines = Math.floor(maxPrintedBytes / (maxCellBytes * Math.max(1, cols)));
  const from = String(-Math.min(sessionLimits.maxLines, mostLines));
  const print = (...range: string[]) => ["capture-pane", "-p", "-e", "-J", "-t", id, ...range];
  if (!isAlternate) return print("-S", from);
  const above = historyLines > 0 ? [...print("-S", from, "-E", "-1"), ";"] : [];
  return [...above, "display-message", "-p", `${mark}:`, ";", ...print("-a", "-q")];
}

/** The windows of a session in the order in which they are made, as indexes: tmux only ever counts its ids up. */
export function makingOrder({ windows }: SavedSession): number[] {
  return windows.map((_, index) => index).sort((a, b) => (windows[a]?.id ?? 0) - (windows[b]?.id ?? 0));
}

/** Makes all windows but the first in `makingOrder`, which is there, with `shell` in each; resolves with how many there
 * are. What cannot be made does not keep the rest from it. */
export async function restoreWindows(
  run: RunTmux,
  saved: SavedSession,
  openings: readonly Opening[],
  shell: (opening: Opening) => string[],
): Promise<number> {
  const tolerant: RunTmux = (command) => run(command).catch(ignoreRefused);
  const ids = await makeWindows(tolerant, saved, (index) => {
    const opening = openings[index];
    return opening === undefined ? [] : shell(opening);
  });
  for (const [index, id] of ids.entries()) await name(tolerant, id, saved.windows[index]?.name ?? "");
  await arrange(tolerant, ids);
  await tolerant(["select-window", "-t", ids[saved.active] || selectedPane]);
  return ids.filter((id) => id !== "").length;
}

/** tmux's ids of the windows, each the one it had where that can be; empty for one that cannot be made. */
async function makeWindows(run: RunTmux, saved: SavedSession, shell: (index: number) => string[]): Promise<string[]> {
  const ids = saved.windows.map(() => "");
  let next = 0;
  let skippable = maxSkippedIds;
  for (const [turn, index] of makingOrder(saved).entries()) {
    const skipped = turn === 0 ? 0 : Math.max(0, (saved.windows[index]?.id ?? 0) - next);
    if (skipped <= skippable) {
      await skipIds(run, skipped);
      skippable -= skipped;
    }
    const made = turn === 0 ? await run(showId) : await run([...makeWindow, ...shell(index)]);
    ids[index] = made.trim();
    next = Math.max(next, numberOf(made.trim()) + 1);
  }
  return ids;
}

/** So that nobody who watches a window by its id finds another one there. */
async function skipIds(run: RunTmux, count: number): Promise<void> {
  for (let left = count; left > 0; left -= skippedAtOnce) {
    const skip = Array.from({ length: Math.min(left, skippedAtOnce) }, () => skipId);
    await run(skip.flat().slice(0, -1));
  }
}

async function arrange(run: RunTmux, ids: readonly string[]): Promise<void> {
  const there = ids.filter((id) => id !== "");
  const moves = there.flatMap((id, index) => [
    ...["move-window", "-d", "-s", id, "-t", `${mainSession}:${1_000 + index}`, ";"],
  ]);
  await run([...moves, "move-window", "-r", "-t", selectedPane]);
}

function ignoreRefused(error: unknown): string {
  if (!(error instanceof RuntimeFailure)) throw error;
  return "";
}

/** `@3` is 3. */
function numberOf(windowId: string): number {
  return Number(windowId.slice(1)) || 0;
}

async function name(run: RunTmux, windowId: string, text: string): Promise<void> {
  if (windowId !== "" && text !== "") await run(nameCommands(windowId, text));
}
