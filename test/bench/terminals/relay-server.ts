/**
 * The peer, in a process of its own: what one writes in an afternoon with `ws` and node-pty. One tmux client, its
 * output to every socket, no flow control, no resume. Arguments: the tmux client's command line. Prints `listening PORT`.
 */
import { spawn } from "@lydell/node-pty";
import { type WebSocket, WebSocketServer } from "ws";
import { size } from "./terminal.ts";
import { environmentOutsideTmux } from "./tmux-server.ts";

const [file, ...args] = process.argv.slice(2);
if (file === undefined) throw new Error("usage: relay-server.ts COMMAND [ARGUMENT ...]");

const viewers = new Set<WebSocket>();
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
const pty = spawn(file, args, { ...size, name: "xterm-256color", env: environmentOutsideTmux() });

pty.onData((data) => {
  const frame = JSON.stringify({ type: "output", data });
  for (const viewer of viewers) viewer.send(frame);
});
pty.onExit(() => process.exit(1));

server.on("connection", (socket) => {
  viewers.add(socket);
  socket.on("close", () => viewers.delete(socket));
  socket.on("message", (raw: Buffer) => {
    const frame: unknown = JSON.parse(raw.toString());
    if (typeof frame !== "object" || frame === null) return;
    if ("data" in frame && typeof frame.data === "string") pty.write(frame.data);
    else pty.write("\f"); // a size was told: draw the screen anew, so that a joiner sees it
  });
});
server.on("listening", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.stdout.write(`listening ${address.port}\n`);
});
process.stdin.on("end", () => process.exit(0)).resume();
