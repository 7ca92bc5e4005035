/** What is said of a restored session, on its screens and to its viewers. It says what did not survive. */
import type { SavedSession } from "./saved-session.ts";

/** What became of a saved session. */
export type Restored =
  | { kind: "restored"; windows: number; omitted: SavedSession["omitted"] }
  /** Something was saved, and it cannot be read or shown. */
  | { kind: "unreadable" };

/** The line above the new prompt; mostly it fits 80 columns. */
export function restoredLine(restored: Restored): string {
  if (restored.kind === "unreadable") return "— after a restart: the saved session could not be read —";
  const what = `${counted(restored.windows, "window")} and scrollback`;
  return `— restored after a restart: ${what}${omittedWords(restored)}; running programs ended —`;
}

/** The message of the status. */
export function restoredMessage(restored: Restored): string {
  if (restored.kind === "unreadable") return "The saved session could not be read; this is a fresh one";
  return `Session restored: ${counted(restored.windows, "window")}${omittedWords(restored)}; running programs ended`;
}

function omittedWords({ omitted }: Extract<Restored, { kind: "restored" }>): string {
  const { windows, panes } = omitted;
  const lost = [
    ...(windows > 0 ? [counted(windows, "window")] : []),
    ...(panes > 0 ? [counted(panes, "split pane")] : []),
  ];
  return lost.length === 0 ? "" : `; not saved: ${lost.join(", ")}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
