/** A tmux server of the benchmark's own, with the configuration the local runtime uses, shared by floor and relay. */
import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { size } from "./terminal.ts";

const execute = promisify(execFile);

export interface TmuxServer {
  /** The command line of a client that attaches to the session. */
  attachCommand(session: string): [file: string, args: string[]];
  /** Makes a session with a fresh shell in it. */
  newSession(session: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts nothing yet: the server comes with its first session. */
export function tmuxServer(configPath: string, directory: string): TmuxServer {
  const common = ["-u", "-S", `${directory}/tmux.sock`, "-f", configPath];
  const newSession = async (session: string) => {
    const shape = ["-x", String(size.cols), "-y", String(size.rows)];
    await execute("tmux", [...common, "new-session", "-d", "-s", session, ...shape, "bash --norc --noprofile"], {
      env: { ...environmentOutsideTmux(), PS1: "$ " },
      cwd: directory,
    });
  };
  const kill = () => void spawnSync("tmux", [...common, "kill-server"]);
  process.once("exit", kill); // a tmux server is nobody's child: without this a failed run would leave it behind
  return {
    attachCommand: (session) => ["tmux", [...common, "attach-session", "-t", session]],
    newSession,
    close: async () => {
      process.off("exit", kill);
      await execute("tmux", [...common, "kill-server"]);
    },
  };
}

/** `tmux attach` refuses to run inside another tmux, which may well be where the benchmark was started. */
export function environmentOutsideTmux(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => name !== "TMUX" && name !== "TMUX_PANE");
  return Object.fromEntries(entries.map(([name, value]) => [name, value ?? ""]));
}
