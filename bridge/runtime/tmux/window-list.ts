/**
 * Reads the windows and panes of an environment out of tmux. Names, titles and directories hold whatever programs and
 * people put there, so each comes with its length before it: nothing in it can end a field or a line.
 */
import { limits } from "../../../durable-objects/protocol/timing.ts";
import type { Pane, WindowInFull } from "../../../durable-objects/protocol/windows.ts";
import { RuntimeFailure } from "../runtime.ts";
import { mainSession, type TmuxDoor } from "./door.ts";
import { nameOption, plainName, shownOption } from "./window-name.ts";

/** In this order. What a program chooses comes last, where it could only spoil itself. */
const variables = [
  "window_id",
  "window_active",
  "pane_id",
  "pane_active",
  "pane_pid",
  "pane_width",
  "pane_height",
  "pane_current_command",
  "window_name",
  shownOption,
  nameOption,
  "pane_title",
  "pane_current_path",
] as const;
/** A program may make its title as long as it likes, and all of them come in one list: a longer one counts as none. */
const maxTitleBytes = 1_024;
type Row = Record<(typeof variables)[number], string>;

const rowFormat = variables.map(fieldFormat).join("");
const maxTextCharacters = 256;
/** Names, titles and directories of very many panes. */
const maxListBytes = 4 * 1_048_576;

/** The windows of the session in their order, each with its panes. Lists no more than `limits` say. */
export async function listWindows(door: TmuxDoor): Promise<WindowInFull[]> {
  const command = ["list-panes", "-s", "-t", mainSession, "-F", rowFormat];
  const printed = await door.run(command, { maxBuffer: maxListBytes });
  const byWindow = Map.groupBy(readRows(printed), (row) => row.window_id);
  return [...byWindow.values()].slice(0, limits.maxListedWindows).map(windowOf);
}

function fieldFormat(name: (typeof variables)[number]): string {
  const field = `#{n:${name}}:#{${name}}`;
  return name === "pane_title" ? `#{?#{e|>:#{n:${name}},${maxTitleBytes}},0:,${field}}` : field;
}

/** tmux counts bytes, of which not all are UTF-8. */
function readRows(printed: Buffer): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < printed.length; ) {
    const row: Partial<Row> = {};
    for (const name of variables) {
      const colon = printed.indexOf(":", at);
      const end = colon + 1 + Number(printed.toString("latin1", at, colon));
      if (colon < 0 || !(end <= printed.length)) throw new RuntimeFailure("unavailable", "tmux listed no windows");
      row[name] = printed.toString("utf8", colon + 1, end);
      at = end;
    }
    if (printed[at] !== 0x0a) throw new RuntimeFailure("unavailable", "tmux listed no windows");
    at += 1;
    rows.push(row as Row);
  }
  return rows;
}

function windowOf(rows: Row[], position: number): WindowInFull {
  const [first] = rows as [Row];
  // A name that tmux itself was given since is the one that counts.
  const isNamed = first.window_name === first[shownOption];
  return {
    id: windowIdOf(first.window_id),
    name: tidied(isNamed ? first[nameOption] : plainName(first.window_name), limits.maxWindowNameCharacters),
    position,
    is_active: first.window_active === "1",
    panes: rows.slice(0, limits.maxListedPanes).map(paneOf),
  };
}

function paneOf(row: Row): Pane {
  return {
    id: row.pane_id.replace("%", "p"),
    is_active: row.pane_active === "1",
    pid: Number(row.pane_pid),
    command: tidied(row.pane_current_command),
    title: tidied(row.pane_title),
    cwd: row.pane_current_path === "" ? null : tidied(row.pane_current_path),
    cols: Number(row.pane_width),
    rows: Number(row.pane_height),
  };
}

/** tmux's `@3` is our `w3`. */
function windowIdOf(tmuxId: string): string {
  return tmuxId.replace("@", "w");
}

/** Bounded, and without what would act on a terminal that prints it. */
function tidied(text: string, maxCharacters = maxTextCharacters): string {
  return text
    .replaceAll(/\p{Cc}/gu, "\ufffd")
    .slice(0, maxCharacters)
    .toWellFormed();
}
