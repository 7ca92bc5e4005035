/**
 * A session as it is saved on the environment's volume: its windows with names, working directories and scrollback.
 * People can write there, so that what is read is foreign data: bounded, cleaned, or nothing. Pure.
 */
import { z } from "zod";
import { parseJson } from "../parse-json.ts";
import { type LineBounds, newestLines } from "./scrollback.ts";

export const sessionLimits = {
  maxWindows: 20,
  maxLines: 2_000,
  /** Of the lines of one window, and of all windows, as JSON. */
  maxWindowBytes: 262_144,
  maxLinesBytes: 2_097_152,
  maxNameCharacters: 200,
  maxDirectoryBytes: 4_096,
  /** Of the whole text. */
  maxBytes: 3_145_728,
} as const;

const count = z.number().int().min(0).max(10_000);

const windowSchema = z.object({
  /** tmux's number of it. */
  id: z.number().int().nonnegative(),
  name: z.string(),
  /** Where its program was at work; empty if that is unknown. */
  directory: z.string(),
  /** Oldest first; printable text and colours. */
  lines: z.array(z.string()),
});
export type SavedWindow = z.infer<typeof windowSchema>;

const sessionSchema = z.object({
  version: z.literal(1),
  windows: z.array(windowSchema).min(1).max(sessionLimits.maxWindows),
  /** The index of the window that was selected. */
  active: count,
  /** What there was besides and was not saved. */
  omitted: z.object({ windows: count, panes: count }),
});
export type SavedSession = Omit<z.infer<typeof sessionSchema>, "version">;

/** A session that is within all limits as text of at most `maxBytes`. */
export function encodeSession(session: SavedSession): string {
  return JSON.stringify({ version: 1, ...session });
}

/** Reads what `encodeSession` wrote; null for anything else. Never throws. */
export function parseSession(text: string): SavedSession | null {
  if (Buffer.byteLength(text) > sessionLimits.maxBytes) return null;
  const { success, data } = sessionSchema.safeParse(parseJson(text));
  if (!success) return null;
  const { version, ...session } = data;
  return boundedSession(session);
}

/** The session within all limits, the oldest lines left out first. One that is stays as it is. */
export function boundedSession({ windows, active, omitted }: SavedSession): SavedSession {
  const kept = windows.slice(0, sessionLimits.maxWindows);
  const bounds = lineBounds(kept.length);
  return {
    windows: kept.map((window) => boundedWindow(window, newestLines(window.lines, bounds))),
    active: active < kept.length ? active : 0,
    omitted: { windows: omitted.windows + windows.length - kept.length, panes: omitted.panes },
  };
}

/** What there may be of the lines of each of so many windows. */
export function lineBounds(windows: number): LineBounds {
  const share = Math.floor(sessionLimits.maxLinesBytes / Math.max(1, windows));
  return { maxLines: sessionLimits.maxLines, maxBytes: Math.min(sessionLimits.maxWindowBytes, share) };
}

/** A window within the limits, with lines that are. */
export function boundedWindow({ id, name, directory }: Omit<SavedWindow, "lines">, lines: string[]): SavedWindow {
  return { id, name: nameOf(name), directory: isDirectoryPath(directory) ? directory : "", lines };
}

function nameOf(name: string): string {
  const printable = name.toWellFormed().replace(/\p{Cc}/gu, "");
  return [...printable].slice(0, sessionLimits.maxNameCharacters).join("");
}

function isDirectoryPath(path: string): boolean {
  const isShort = Buffer.byteLength(path) <= sessionLimits.maxDirectoryBytes;
  return path.startsWith("/") && !path.includes("\0") && isShort && path.isWellFormed();
}
