/** The peer as a contestant: starts relay-server.ts on a session of the shared tmux and connects to it. */
import { script, startChild } from "../child.ts";
import { openSocketTerminal } from "./socket-terminal.ts";
import type { BenchTerminal, Contestant } from "./terminal.ts";
import type { TmuxServer } from "./tmux-server.ts";

/** A contestant that can be reached through another port than its own, such as a slow way's. */
export interface Relay extends Contestant {
  port: number;
  openAt(port: number): Promise<BenchTerminal>;
}

export async function relay(tmux: TmuxServer): Promise<Relay> {
  await tmux.newSession("relay");
  const [file, args] = tmux.attachCommand("relay");
  const server = await startChild(script("test/bench/terminals/relay-server.ts", file, ...args));
  const port = Number(server.announced);
  const openAt = (at: number) => openSocketTerminal(`ws://127.0.0.1:${at}/`);
  return {
    name: "peer: ws + PTY relay on that tmux",
    port,
    openAt,
    open: () => openAt(port),
    close: server.stop,
  };
}
