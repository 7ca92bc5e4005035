/**
 * The sockets of one terminal by their ids, its viewers' and its bridge's, with what is kept beside each. A socket that is closed
 * here is gone at that moment: nothing is sent on it any more, and of its end, which comes when the peer has answered, nothing is
 * said again.
 */
import { type Metering, meterClose } from "./metering.ts";
import { type CloseName, closes } from "./protocol/closes.ts";
import type { MeteredKind } from "./protocol/objects.ts";
import { parseTerminalId } from "./protocol/vocabulary.ts";
import { acceptUpgrade, closeSocket, isOpen, lastPingAt, refuseUpgrade } from "./sockets.ts";
import type { BridgeKeepsake } from "./terminal/bridge.ts";
import type { RoomEvent } from "./terminal/events.ts";
import type { ViewerKeepsake } from "./terminal/viewers.ts";

type Keepsake = ViewerKeepsake | BridgeKeepsake;

/** A newcomer: its tags, and what is kept beside its socket until the room keeps more. */
export interface Newcomer {
  role: "viewer" | "bridge";
  id: string;
  terminal: string;
  requestId: string;
  userId?: string;
}

/** What a socket's end is to the room; `forgotten` is what was kept of one that the room does not know any more. */
export interface Departure {
  event: Extract<RoomEvent, { kind: "viewer_left" | "bridge_left" | "socket_gone" }>;
  forgotten: Partial<Keepsake> | null;
}

export class TerminalSockets {
  readonly #metering: Metering;
  readonly #open = new Map<string, WebSocket>();
  /** Closed here; their peers have not answered. */
  readonly #closing = new Set<string>();

  constructor(metering: Metering) {
    this.#metering = metering;
    for (const socket of metering.ctx.getWebSockets().filter(isOpen)) {
      const [, id = ""] = this.#tagsOf(socket);
      this.#open.set(id, socket);
    }
  }

  /** The terminal whose sockets these are, as they were told when they came; null if none is here. */
  get terminal(): string | null {
    const [known] = this.#metering.ctx.getWebSockets();
    return known === undefined ? null : (this.#tagsOf(known)[2] ?? "");
  }

  /** What is kept beside the open ones. */
  keepsakes(): Keepsake[] {
    return [...this.#open.values()].map(keptBeside);
  }

  accept({ role, id, terminal, requestId, userId }: Newcomer): Response {
    const kept = { requestId, ...(userId === undefined ? {} : { userId }) };
    const { response, socket } = acceptUpgrade(this.#metering.ctx, [role, id, terminal], kept);
    this.#open.set(id, socket);
    this.#metering.log("info", `${role} attached`, this.#detail(socket));
    return response;
  }

  /** Refuses a bridge that does not become a socket of this terminal. */
  refuse(close: CloseName): Response {
    meterClose(this.#metering, "data", closes[close].code);
    return refuseUpgrade(close);
  }

  /** What a frame is to the room; null behind our close. What comes there is nobody's any more, but the platform hands it
   * over, each frame as an event, until the peer answers or is cut, and has no word to end that: of a peer that floods on
   * our part is all that can be spared. */
  frame(socket: WebSocket, data: string | ArrayBuffer): RoomEvent | null {
    if (!isOpen(socket)) return null;
    const [role, id = ""] = this.#tagsOf(socket);
    return role === "bridge" ? { kind: "bridge_frame", id, data } : { kind: "viewer_frame", id, data };
  }

  /** What its end is to the room. */
  left(socket: WebSocket, code: number): Departure {
    const [role, id = ""] = this.#tagsOf(socket);
    if (this.#closing.delete(id)) return { event: { kind: "socket_gone", id }, forgotten: null };
    const forgotten = this.#open.delete(id) ? null : keptBeside(socket);
    meterClose(this.#metering, kindOf(socket), code);
    this.#metering.log("info", `${role} left`, this.#detail(socket));
    return { event: { kind: role === "bridge" ? "bridge_left" : "viewer_left", id }, forgotten };
  }

  send(id: string, frame: string): void {
    const socket = this.#open.get(id);
    if (socket !== undefined && isOpen(socket)) socket.send(frame);
  }

  keep(keepsake: Keepsake): void {
    this.#open.get(keepsake.id)?.serializeAttachment(keepsake);
  }

  close(id: string, close: CloseName): void {
    const socket = this.#open.get(id);
    if (socket === undefined) return;
    this.#open.delete(id);
    this.#closing.add(id);
    const [role] = this.#tagsOf(socket);
    this.#metering.log("info", `${role} closed`, { ...this.#detail(socket), close });
    meterClose(this.#metering, kindOf(socket), closes[close].code);
    closeSocket(socket, close);
  }

  /** When the platform last answered its ping; null = never, or it is not here. */
  lastPingAt(id: string): number | null {
    const socket = this.#open.get(id);
    return socket === undefined ? null : lastPingAt(this.#metering.ctx, socket);
  }

  /** Its role, its id and the terminal. */
  #tagsOf(socket: WebSocket): string[] {
    return this.#metering.ctx.getTags(socket);
  }

  /** Whose socket it is, for the log. */
  #detail(socket: WebSocket) {
    const { environmentId } = parseTerminalId(this.#tagsOf(socket)[2] ?? "");
    const { requestId, userId }: { requestId?: string; userId?: string } = socket.deserializeAttachment();
    return { environment_id: environmentId, request_id: requestId, user_id: userId };
  }
}

function keptBeside(socket: WebSocket): Keepsake {
  return socket.deserializeAttachment() as Keepsake;
}

/** A viewer's own kind is in what is kept beside its socket; a bridge's has none. */
function kindOf(socket: WebSocket): MeteredKind {
  const { kind }: Partial<ViewerKeepsake> = socket.deserializeAttachment();
  return kind ?? "data";
}
