/** What init.sh says, read back: the lines of the container's log, and the state in run/state. */

/** How far the first process of an environment is. Indexes count the startup commands from 0. */
export type InitState =
  | { kind: "starting" }
  /** A session was saved: the bridge begins the server with it; after ten seconds init.sh begins a fresh one. */
  | { kind: "waiting" }
  | { kind: "installing"; index: number }
  | { kind: "completed" }
  | { kind: "failed"; failures: { index: number; exitCode: number }[] };

export type InitLine =
  /** What a startup command printed. */
  | { kind: "output"; text: string }
  /** A line of a startup command that begins now. */
  | { kind: "command"; text: string }
  /** A word of ours to people. */
  | { kind: "notice"; text: string }
  | { kind: "state"; state: InitState };

const failuresPattern = /^failed((?: \d{1,6}:\d{1,3})+)$/;
const installingPattern = /^installing (\d{1,6})$/;

/** Null for a text that is no state: a file that is being made, or one that somebody else wrote. */
export function parseInitState(text: string): InitState | null {
  const state = text.trim();
  if (state === "starting" || state === "waiting" || state === "completed") return { kind: state };
  const installing = installingPattern.exec(state);
  if (installing !== null) return { kind: "installing", index: Number(installing[1]) };
  const failed = failuresPattern.exec(state);
  return failed === null ? null : { kind: "failed", failures: (failed[1] ?? "").trim().split(" ").map(failureOf) };
}

/** A line of the log without its end. One in no form of ours was written past us by a process of the person's. */
export function parseInitLine(line: string): InitLine {
  const text = line.slice(2);
  switch (line.slice(0, 2)) {
    case "> ":
      return { kind: "output", text };
    case "$ ":
      return { kind: "command", text };
    case "# ":
      return { kind: "notice", text };
    case "! ": {
      const state = parseInitState(text);
      return state === null ? { kind: "output", text: line } : { kind: "state", state };
    }
    default:
      return { kind: "output", text: line };
  }
}

function failureOf(text: string): { index: number; exitCode: number } {
  const [index, exitCode] = text.split(":").map(Number);
  return { index: index ?? 0, exitCode: exitCode ?? 0 };
}
