/** The floor: `tmux attach` on a bare PTY in the measuring process itself, no network, no frames. */
import { spawn } from "@lydell/node-pty";
import { type BenchTerminal, type Contestant, collector, size } from "./terminal.ts";
import { environmentOutsideTmux, type TmuxServer } from "./tmux-server.ts";

export async function floor(tmux: TmuxServer): Promise<Contestant> {
  await tmux.newSession("floor");
  return {
    name: "floor: tmux attach on a PTY",
    open: () => attach(...tmux.attachCommand("floor")),
    close: async () => {},
  };
}

async function attach(file: string, args: string[]): Promise<BenchTerminal> {
  const pty = spawn(file, args, { ...size, name: "xterm-256color", env: environmentOutsideTmux() });
  const received = collector();
  let bytes = 0;
  const ended = new Promise<void>((resolve) => pty.onExit(() => resolve()));
  const firstOutput = new Promise<void>((resolve) => {
    pty.onData((text) => {
      const atMs = performance.now();
      bytes += Buffer.byteLength(text);
      received.arrived(text, atMs);
      resolve();
    });
  });
  await firstOutput;
  return {
    write: (text) => pty.write(text),
    onText: received.onText,
    wireBytes: () => bytes,
    text: received.text,
    close: async () => {
      pty.kill();
      await ended;
    },
  };
}
