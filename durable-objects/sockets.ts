/** What the objects' upgrades have in common: a pair of sockets, accepted to live or accepted to be refused. */
import { type CloseName, closes } from "./protocol/closes.ts";

const openState = 1;

/** Accepts an upgrade only to close it with a reason, which a failed upgrade could not carry. */
export function refuseUpgrade(close: CloseName): Response {
  const [client, server] = Object.values(new WebSocketPair());
  if (client === undefined || server === undefined) throw new Error("no socket pair");
  server.accept();
  closeSocket(server, close);
  return upgraded(client);
}

/** Accepts an upgrade as a socket that outlives this object's memory; `keepsake` is what it is woken with. */
export function acceptUpgrade(
  ctx: DurableObjectState,
  tags: string[],
  keepsake: unknown,
): { response: Response; socket: WebSocket } {
  const [client, server] = Object.values(new WebSocketPair());
  if (client === undefined || server === undefined) throw new Error("no socket pair");
  ctx.acceptWebSocket(server, tags);
  server.serializeAttachment(keepsake);
  return { response: upgraded(client), socket: server };
}

function upgraded(client: WebSocket): Response {
  return new Response(null, { status: 101, webSocket: client });
}

export function isOpen(socket: WebSocket): boolean {
  return socket.readyState === openState;
}

export function closeSocket(socket: WebSocket, close: CloseName): void {
  socket.close(closes[close].code, closes[close].reason);
}

/** Answers a peer's close, without which it would see a cut. Its own code is not sent back: some may not be sent. */
export function answerClose(socket: WebSocket): void {
  closeSocket(socket, "finished");
}

/** When the platform last answered this socket's ping, ms since the epoch. */
export function lastPingAt(ctx: DurableObjectState, socket: WebSocket): number | null {
  return ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? null;
}
