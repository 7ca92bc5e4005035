/** The lines above a pane's screen. */
import { ask, type TmuxDoor } from "./door.ts";

/** The most lines of the widest terminal with characters of four bytes, some of them with marks. */
const maxHistoryBytes = 16 * 1_048_576;

/** Lines above the pane's screen: of all but the newest `before`, the newest `lines`, oldest first. */
export async function capturedHistory(
  door: TmuxDoor,
  pane: string,
  { before, lines }: { before: number; lines: number },
): Promise<{ lines: string[]; hasMore: boolean }> {
  const size = ["display-message", "-p", "-t", pane, "#{history_size}"];
  const range = ["-S", String(-(before + lines)), "-E", String(-(before + 1))];
  // As one command list, so that nothing is printed between the two.
  const printed = await ask(door, [...size, ";", "capture-pane", "-p", "-t", pane, ...range], {
    maxBuffer: maxHistoryBytes,
  });
  const [total = "0", ...captured] = printed.replace(/\n$/, "").split("\n");
  // tmux gives the nearest line there is where the range lies above all of them.
  const found = Math.max(0, Math.min(lines, Number(total) - before));
  return { lines: captured.slice(0, found), hasMore: Number(total) > before + lines };
}
