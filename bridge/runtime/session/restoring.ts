/**
 * Makes a saved session again in a new tmux server: what each window showed is laid out for its shell to print, then the windows
 * are made. Programs are never run again. What cannot be read or laid out is said to people, and keeps no server from beginning.
 */
import { setTimeout as delay } from "node:timers/promises";
import { RuntimeFailure } from "../runtime.ts";
import type { SessionFiles } from "./files.ts";
import { parseSession, type SavedSession } from "./saved-session.ts";
import { makingOrder, type Opening, type RunTmux, restoreWindows } from "./tmux-session.ts";
import { type Restored, restoredLine } from "./words.ts";

/** A saved session, laid out for the shells to come. */
export interface Restoration {
  restored: Restored;
  session: SavedSession | null;
  /** One for each window, in order; none where nothing could be laid. */
  openings: Opening[];
  /** Of the window that the new server begins with. */
  first: Opening | undefined;
}

/** Shells print what was laid for them at once; on a busy machine a little later. */
const printedWithinMs = 3_000;
const lookEveryMs = 10;
const reset = "\u001b[0m";

/** Lays out what was saved, in place of what was laid before; null where nothing ever was. */
export async function layOutSaved(files: SessionFiles): Promise<Restoration | null> {
  const session = await load(files);
  if (session === null) return null;
  try {
    return session === "unreadable" ? await layExcuse(files) : await layWindows(files, session);
  } catch (error) {
    ignoreRefused(error);
    return { restored: { kind: "unreadable" }, session: null, openings: [], first: undefined };
  }
}

/** Makes the windows beside the first, `shell` in each, and waits until all show what they showed; tells what there is now. */
export async function makeAgain(
  { session, openings, restored }: Restoration,
  { run, files, shell }: { run: RunTmux; files: SessionFiles; shell: (opening: Opening) => string[] },
): Promise<Restored> {
  const isSaved = session !== null && restored.kind === "restored";
  const made = isSaved ? { ...restored, windows: await restoreWindows(run, session, openings, shell) } : restored;
  await untilPrinted(files).catch(ignoreRefused);
  return made;
}

async function load(files: SessionFiles): Promise<SavedSession | "unreadable" | null> {
  try {
    const text = await files.load();
    return text === null ? null : (parseSession(text) ?? "unreadable");
  } catch (error) {
    ignoreRefused(error);
    return "unreadable";
  }
}

async function layWindows(files: SessionFiles, session: SavedSession): Promise<Restoration> {
  const { windows, omitted } = session;
  const restored: Restored = { kind: "restored", windows: windows.length, omitted };
  const end = `${reset}${restoredLine(restored)}\n`;
  const paths = await files.lay(windows.map(({ lines }) => lines.map((line) => `${line}\n`).join("") + end));
  const openings = paths.map((path, index) => ({ path, directory: windows[index]?.directory ?? "" }));
  return { restored, session, openings, first: openings[makingOrder(session)[0] ?? 0] };
}

async function layExcuse(files: SessionFiles): Promise<Restoration> {
  const restored: Restored = { kind: "unreadable" };
  const paths = await files.lay([`${restoredLine(restored)}\n`]);
  const openings = paths.map((path) => ({ path, directory: "" }));
  return { restored, session: null, openings, first: openings[0] };
}

/** Before that a look at the windows would miss what they are about to show. */
async function untilPrinted(files: SessionFiles): Promise<void> {
  const end = performance.now() + printedWithinMs;
  while ((await files.countLaid()) > 0 && performance.now() < end) await delay(lookEveryMs);
}

function ignoreRefused(error: unknown): void {
  if (!(error instanceof RuntimeFailure)) throw error;
}
