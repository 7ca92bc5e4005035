/** The peer as a contestant: starts relay-server.ts on a session of the shared tmux and connects to it. */
import { script, startChild } from "../child.ts";
import { openSocketTerminal } from "./socket-terminal.ts";
import type { Contestant } from "./terminal.ts";
import type { TmuxServer } from "./tmux-server.ts";

export async function relay(tmux: TmuxServer): Promise<Contestant> {
  await tmux.newSession("relay");
  const [file, args] = tmux.attachCommand("relay");
  const server = await startChild(script("test/bench/terminals/relay-server.ts", file, ...args));
  return {
    name: "peer: ws + PTY relay on that tmux",
    open: () => openSocketTerminal(`ws://127.0.0.1:${server.announced}/`),
    close: server.stop,
  };
}
