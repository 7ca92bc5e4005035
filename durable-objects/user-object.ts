/** The platform shell of one user: the register of the user's open sockets. */
import { DurableObject } from "cloudflare:workers";
import type { ServerMessage } from "./protocol/client.ts";
import type { CloseName } from "./protocol/closes.ts";
import type { SocketEntry, SocketSelector, UserRpc } from "./protocol/objects.ts";

export class UserObject extends DurableObject<Env> implements UserRpc {
  async admit(_entry: SocketEntry): Promise<"admitted" | "too_many" | "ended"> {
    return "admitted";
  }
  async release(_socketId: string): Promise<void> {}
  async end(_selector: SocketSelector, _close: CloseName): Promise<void> {}
  async tell(_message: ServerMessage): Promise<void> {}
  async openSockets(): Promise<SocketEntry[]> {
    return [];
  }
}
