/** A person at a terminal stream: sees the screen as a terminal draws it, types, waits for what should appear. */
import { Terminal, type TerminalType } from "../../../bridge/relay/xterm.ts";
import type { TerminalSize, TerminalStream } from "../../../bridge/runtime/runtime.ts";
import { patience, waitUntil } from "../../support/wait-until.ts";

export interface Viewer {
  readonly terminal: TerminalType;
  /** The lines of the screen; a line that fills its row goes on in the next one. */
  screen(): string;
  /** Waits until the screen matches; resolves with the match. */
  shows(pattern: RegExp, withinMs?: number): Promise<RegExpMatchArray>;
  /** Types a command and resolves with what it printed. */
  ask(command: string): Promise<string>;
}

/** Resolves once the stream has ended, from when this is called on. */
export function endOf(stream: TerminalStream): Promise<void> {
  let isOver = false;
  stream.onExit(() => {
    isOver = true;
  });
  const ended = waitUntil(() => isOver, { timeout: 40_000 * patience, interval: 5 });
  const named = ended.then(
    () => undefined,
    () => Promise.reject(new Error("the terminal's stream never ended")),
  );
  // Whoever waits for it hears of it, later perhaps.
  named.catch(() => undefined);
  return named;
}

let asked = 0;

/** Watches the stream from now on. */
export function viewerOf(stream: TerminalStream, size: TerminalSize): Viewer {
  const terminal = new Terminal({ ...size, scrollback: 0, allowProposedApi: true });
  stream.onData((bytes) => terminal.write(bytes));
  return watchTerminal(terminal, (text) => stream.write(text));
}

/** The same for a terminal that is fed by somebody else. */
export function watchTerminal(terminal: TerminalType, type: (text: string) => void): Viewer {
  const screen = () => screenText(terminal);
  const shows = async (pattern: RegExp, withinMs = 20_000 * patience) => {
    try {
      return await waitUntil(() => pattern.exec(screen()) ?? undefined, { timeout: withinMs, interval: 10 });
    } catch {
      throw new Error(`the screen never matched ${pattern}; it is:\n${screen().trimEnd()}`);
    }
  };
  const ask = async (command: string) => {
    asked += 1;
    await shows(/[$#] *\n*$/); // the prompt
    // The mark is written in two parts, so that the echo of the typed line does not look like the answer.
    // The line ends with it: a shell that hears late of its size draws the prompt's line anew, and wipes what else is on it.
    type(`printf '<%s>' a${asked}; ${command}; printf '</%s>\\n' a${asked}\r`);
    const found = await shows(new RegExp(`<a${asked}>([\\s\\S]*?)</a${asked}>`));
    return (found[1] ?? "").trim();
  };
  return { terminal, screen, shows, ask };
}

function screenText(terminal: TerminalType): string {
  const { active } = terminal.buffer;
  let text = "";
  for (let row = 0; row < terminal.rows; row += 1) {
    const line = active.getLine(active.baseY + row)?.translateToString(true) ?? "";
    text += line.length >= terminal.cols ? line : `${line}\n`;
  }
  return text;
}
