/** relay-server.ts as a contestant, on a session of the shared tmux: reached directly, or through an object. */
import { type Child, script, startChild } from "../child.ts";
import { openSocketTerminal } from "./socket-terminal.ts";
import type { BenchTerminal, Contestant } from "./terminal.ts";
import type { TmuxServer } from "./tmux-server.ts";

/** A contestant that can be reached through another port than its own, such as a slow way's. */
export interface Relay extends Contestant {
  port: number;
  openAt(port: number): Promise<BenchTerminal>;
}

export async function relay(tmux: TmuxServer): Promise<Relay> {
  const server = await serve(tmux, "relay", "listen");
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

/**
 * The relay behind a Durable Object that passes on what it is sent and knows nothing, `/bench/relay` of the given Worker: what the
 * way of our data costs before there is any product on it.
 */
export async function objectRelay(tmux: TmuxServer, productUrl: string): Promise<Contestant> {
  const address = `${productUrl.replace(/^http/, "ws")}/bench/relay`;
  const server = await serve(tmux, "object-relay", `${address}?as=shell`);
  return {
    name: "that relay behind a bare object",
    open: () => openSocketTerminal(`${address}?as=viewer`),
    close: server.stop,
  };
}

async function serve(tmux: TmuxServer, session: string, from: string): Promise<Child> {
  await tmux.newSession(session);
  const [file, args] = tmux.attachCommand(session);
  return startChild(script("test/bench/terminals/relay-server.ts", from, file, ...args));
}
