/** An object that passes on what it is sent and knows nothing: what our data's way costs with none of us on it. */
import { DurableObject } from "cloudflare:workers";
import { answerClose } from "../../../durable-objects/sockets.ts";

const otherSide: Readonly<Record<string, string>> = { shell: "viewer", viewer: "shell" };

export class BareRelay extends DurableObject {
  /** `?as=shell` is one end, `?as=viewer` the other. */
  override async fetch(request: Request): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, [new URL(request.url).searchParams.get("as") ?? ""]);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const others = otherSide[this.ctx.getTags(socket)[0] ?? ""];
    for (const other of this.ctx.getWebSockets(others)) other.send(message);
  }

  override webSocketClose(socket: WebSocket): void {
    answerClose(socket);
  }
}
