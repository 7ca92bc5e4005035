/**
 * Notices that windows of a local environment have changed without asking: tmux writes to a file of its environment
 * whenever that happens (tmux.conf), and the file is watched. Idle, this costs no process and no timer.
 */
import { watchDirectory } from "./watch-directory.ts";

/** As tmux.conf has it. */
const file = "windows";

/** Calls back whenever tmux has written; returns how to stop. */
export function watchWindows(directory: string, onChange: () => void): () => void {
  const watcher = watchDirectory(directory, "The windows");
  watcher.on("change", (_event, name) => {
    if (String(name) === file) onChange();
  });
  // The directory goes with its environment.
  watcher.on("error", () => watcher.close());
  return () => watcher.close();
}
