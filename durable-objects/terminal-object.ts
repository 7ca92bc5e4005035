/** The platform shell of one terminal: sockets in, frames out; what to do is decided in terminal/. */
import { DurableObject } from "cloudflare:workers";
import type { ServerMessage } from "./protocol/client.ts";
import type { CloseName } from "./protocol/closes.ts";
import type { TerminalRpc } from "./protocol/objects.ts";

export class TerminalObject extends DurableObject<Env> implements TerminalRpc {
  override async fetch(_request: Request): Promise<Response> {
    return new Response(null, { status: 501 });
  }
  async announce(_message: ServerMessage, _socketIds?: string[]): Promise<void> {}
  async end(_socketIds: string[] | "all", _close: CloseName): Promise<void> {}
  async revoke(_bridgeTokenId: string): Promise<void> {}
  async alive(_socketIds: string[]): Promise<string[]> {
    return [];
  }
}
