/**
 * The peer, in a process of its own: what one writes in an afternoon with `ws` and node-pty. One tmux client, its
 * output to every socket, no flow control, no resume. Arguments: where its sockets come from and the tmux client's command
 * line. `listen` takes them on a port of its own; a ws: URL is dialled, as a bridge would, and is the one socket. Prints
 * `listening PORT`, or the URL.
 */
import { spawn } from "@lydell/node-pty";
import { WebSocket, WebSocketServer } from "ws";
import { size } from "./terminal.ts";
import { environmentOutsideTmux } from "./tmux-server.ts";

const [from, file, ...args] = process.argv.slice(2);
if (from === undefined || file === undefined) throw new Error("usage: relay-server.ts FROM COMMAND [ARGUMENT ...]");

const viewers = new Set<WebSocket>();
const pty = spawn(file, args, { ...size, name: "xterm-256color", env: environmentOutsideTmux() });

pty.onData((data) => {
  const frame = JSON.stringify({ type: "output", data });
  for (const viewer of viewers) viewer.send(frame);
});
pty.onExit(() => process.exit(1));
process.stdin.on("end", () => process.exit(0)).resume();
if (from === "listen") listen();
else dial(from);

function listen(): void {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  server.on("connection", serve);
  server.on("listening", () => {
    const address = server.address();
    if (address !== null && typeof address === "object") ready(String(address.port));
  });
}

function dial(url: string): void {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on("open", () => {
    serve(socket);
    ready(url);
  });
}

function ready(where: string): void {
  process.stdout.write(`listening ${where}\n`);
}

function serve(socket: WebSocket): void {
  viewers.add(socket);
  socket.on("close", () => viewers.delete(socket));
  socket.on("message", (raw: Buffer) => {
    const frame: unknown = JSON.parse(raw.toString());
    if (typeof frame !== "object" || frame === null) return;
    if ("data" in frame && typeof frame.data === "string") pty.write(frame.data);
    else pty.write("\f"); // a size was told: draw the screen anew, so that a joiner sees it
  });
}
