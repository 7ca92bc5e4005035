/**
 * The way to the tmux of one environment, wherever that runs: a command goes in, bytes come out. Arguments are fixed words
 * of ours; whatever people choose reaches a process as its environment or working directory, never as a command or a
 * format.
 */
import { RuntimeFailure } from "../runtime.ts";

export interface TmuxOptions {
  /** More printed bytes than this are a failure; 1 MiB where nothing is said. */
  maxBuffer?: number;
  /** An absolute path; one that is no directory is a failure. */
  cwd?: string;
  signal?: AbortSignal;
}

export interface TmuxDoor {
  /** Where things are on the other side of the door. */
  readonly places: TmuxPlaces;
  /**
   * Runs one command, or several with `;` between, and gives what it printed. Rejects with `unavailable` when there is no
   * tmux, no server, no way, or an error.
   */
  run(command: readonly string[], options?: TmuxOptions): Promise<Buffer>;
}

export interface TmuxPlaces {
  /** shell.sh and restored.sh. */
  shellScript: string;
  restoredScript: string;
  /** The program in a window; empty = bash where there is one, else sh. */
  shell: string;
  /** How a shell runs tmux: a program and its first arguments. */
  tmux: readonly string[];
}

/** `=` asks for exactly this session, without tmux's prefix matching. */
export const mainSession = "=main";
/** The selected window's active pane. */
export const selectedPane = `${mainSession}:`;

/** Text as an argument of a command: a semicolon at its end would end the command there. */
export function argument(text: string): string {
  return text.replace(/;$/, "\\;");
}

/** What a command printed, as text. */
export async function ask(door: TmuxDoor, command: readonly string[], options?: TmuxOptions): Promise<string> {
  return (await door.run(command, options)).toString();
}

/** For what may be gone already. */
export function ignoreUnavailable(error: unknown): void {
  if (!(error instanceof RuntimeFailure)) throw error;
}
