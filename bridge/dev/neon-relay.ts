/**
 * Neon's WebSocket relay `/v2?address=host:port`: bytes of the Postgres protocol in both directions. The address in
 * the URL is not followed: every socket ends at the one database it was made for.
 */
import type { Server } from "node:http";
import { createConnection, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type RawData, type WebSocket, WebSocketServer } from "ws";

/** Int32 length 8 and the code 80877103: "may we speak TLS?"; the server answers `S` or `N`. */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const terminateMessage = Buffer.from([0x58, 0, 0, 0, 4]);

/** Serves upgrades of `server`; returns how to end all relays. */
export function relayWebSockets(server: Server, databaseUrl: string): () => void {
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on("connection", (socket) => {
    relay(socket, databaseUrl).catch((error: Error) => {
      console.error(`neon relay: ${error.message}`);
      socket.terminate();
    });
  });
  return () => {
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
  };
}

async function relay(socket: WebSocket, databaseUrl: string): Promise<void> {
  const waiting: Buffer[] = [];
  let send = (bytes: Buffer): void => {
    waiting.push(bytes);
  };
  socket.on("message", (data) => send(toBuffer(data)));
  // The close event that follows an error ends the Postgres side.
  socket.on("error", () => socket.terminate());
  const postgres = await connectPostgres(new URL(databaseUrl));
  socket.on("close", () => postgres.destroy());
  postgres.on("data", (bytes) => socket.send(bytes));
  postgres.on("error", () => socket.terminate());
  postgres.on("close", () => socket.close());
  send = (bytes) => {
    // The driver says Terminate and never closes its socket.
    if (bytes.equals(terminateMessage)) postgres.end(bytes);
    else postgres.write(bytes);
  };
  for (const bytes of waiting) send(bytes);
  if (socket.readyState !== socket.OPEN) postgres.destroy();
}

function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
}

/** A connected socket, through TLS when the URL's `sslmode` asks for it. */
async function connectPostgres(url: URL): Promise<Socket> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const socket = createConnection({ host, port: Number(url.port || 5432), noDelay: true });
  await opened(socket, "connect");
  const mode = url.searchParams.get("sslmode") ?? "disable";
  if (!["require", "verify-ca", "verify-full"].includes(mode)) return socket;
  socket.write(sslRequest);
  const reply = await opened(socket, "data");
  if (!Buffer.isBuffer(reply) || reply.toString() !== "S") throw new Error("postgres does not speak TLS");
  const secure = connectTls({ socket, servername: host, rejectUnauthorized: mode === "verify-full" });
  await opened(secure, "secureConnect");
  return secure;
}

/** The first argument of the next `event`; rejects when the socket fails first. */
function opened(socket: Socket, event: "connect" | "data" | "secureConnect"): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(error);
    socket.once("error", fail);
    socket.once(event, (value: unknown) => {
      socket.off("error", fail);
      resolve(value);
    });
  });
}
