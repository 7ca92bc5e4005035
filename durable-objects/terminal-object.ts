/**
 * The platform shell of one terminal: events in, effects out; what to do is decided in terminal/. It sets no timer and dials
 * nowhere, so that it can sleep whenever nothing is typed or printed. All it stores is the size policy that its owner has
 * chosen, with an alarm for its end while they are away.
 */
import { DurableObject } from "cloudflare:workers";
import { type Log, objectLog } from "./logging.ts";
import { pingText, pongText, type ServerMessage } from "./protocol/client.ts";
import { type CloseName, cutCode } from "./protocol/closes.ts";
import type { Control, TerminalRpc } from "./protocol/objects.ts";
import { bridgeTicketSchema, decodeTicket, objectPaths, ticketHeader, viewerTicketSchema } from "./protocol/tickets.ts";
import { parseTerminalId } from "./protocol/vocabulary.ts";
import { answerClose } from "./sockets.ts";
import { bridgeArrival, viewerArrival } from "./terminal/arrival.ts";
import type { Effect, Moment, RoomEvent } from "./terminal/events.ts";
import { handle } from "./terminal/handle.ts";
import { mayTypeHere } from "./terminal/holder.ts";
import { type ChosenPolicy, endOf } from "./terminal/policy.ts";
import { type Room, readmit, restoreRoom } from "./terminal/room.ts";
import { TerminalCluster } from "./terminal-cluster.ts";
import { TerminalSockets } from "./terminal-sockets.ts";

const policyKey = "policy";

export class TerminalObject extends DurableObject<ObjectsEnv> implements TerminalRpc {
  readonly #sockets: TerminalSockets;
  readonly #cluster: TerminalCluster;
  readonly #room: Room;
  readonly #log: Log;
  /** Its own terminal id, as the ticket of its last arrival said: it is needed only while somebody is here. */
  #terminal = "";
  /** Who waits for the bridge to have applied what it was given. */
  readonly #unbarred: (() => void)[] = [];

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#log = objectLog(env);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(pingText, pongText));
    this.#sockets = new TerminalSockets({ ctx, env, log: this.#log });
    this.#cluster = new TerminalCluster(ctx, env, {
      onAnswer: (answer) => this.#run(answer),
      onFailure: (error) => this.#clusterFailed(error),
    });
    const chosen = ctx.storage.kv.get<ChosenPolicy>(policyKey) ?? null;
    this.#room = restoreRoom(this.#sockets.keepsakes(), chosen);
    const { terminal } = this.#sockets;
    if (terminal !== null) this.#become(terminal);
  }

  override async fetch(request: Request): Promise<Response> {
    const ticket = request.headers.get(ticketHeader);
    return new URL(request.url).pathname === objectPaths.viewer
      ? this.#acceptViewer(ticket)
      : await this.#acceptBridge(ticket);
  }

  async announce(message: ServerMessage, socketIds?: string[]): Promise<void> {
    this.#run({ kind: "announce", message, to: socketIds ?? "all" });
  }

  async end(socketIds: string[] | "all", close: CloseName): Promise<void> {
    this.#run({ kind: "end", which: socketIds, close });
  }

  async revoke(bridgeTokenId: string): Promise<void> {
    this.#run({ kind: "revoke", tokenId: bridgeTokenId });
  }

  /** What was typed before must not reach the shell after this has answered; what is settled has been waited for. */
  async control(control: Control): Promise<void> {
    this.#run({ kind: "controlled", control });
    const isWaitedFor = control.stage !== "settled" && this.#room.barrier !== null;
    if (isWaitedFor) await new Promise<void>((resolve) => this.#unbarred.push(resolve));
  }

  async mayTypeHere(userId: string): Promise<boolean> {
    this.#run({ kind: "looked_at" });
    return mayTypeHere(this.#room, userId);
  }

  async alive(socketIds: string[]): Promise<string[]> {
    return socketIds.filter((id) => this.#room.viewers.has(id));
  }

  /** The policy ends if its owner has not come back; where the clock says not yet, it is woken again. */
  override async alarm(): Promise<void> {
    this.#run({ kind: "looked_at" });
    this.#keepPolicy(this.#room.chosen);
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    const event = this.#sockets.frame(socket, data);
    if (event !== null) this.#run(event);
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    answerClose(socket);
    this.#leave(socket, code);
  }

  override webSocketError(socket: WebSocket): void {
    this.#leave(socket, cutCode);
  }

  #leave(socket: WebSocket, code: number): void {
    const departure = this.#sockets.left(socket, code);
    if (departure.forgotten !== null) readmit(this.#room, departure.forgotten);
    this.#run(departure.event);
  }

  #acceptViewer(ticketText: string | null): Response {
    const ticket = decodeTicket(ticketText, viewerTicketSchema);
    const { socketId: id, terminal, requestId, userId } = ticket;
    this.#become(terminal);
    const response = this.#sockets.accept({ role: "viewer", id, terminal, requestId, userId });
    this.#run({ kind: "viewer_joined", arrival: viewerArrival(ticket) });
    return response;
  }

  async #acceptBridge(ticketText: string | null): Promise<Response> {
    const ticket = decodeTicket(ticketText, bridgeTicketSchema);
    const { clusterId, requestId, assignment } = ticket;
    if (assignment === null) return this.#sockets.refuse("superseded");
    const { terminal } = assignment;
    const cluster = this.env.CLUSTERS.getByName(clusterId);
    this.#become(terminal);
    // In this order: of a terminal that is wanted, whatever comes after the second answer is told.
    const [verdict, control] = await Promise.all([cluster.verifyAssignment(assignment), cluster.controlOf(terminal)]);
    if (verdict !== "current") return this.#sockets.refuse(verdict);
    const id = crypto.randomUUID();
    const response = this.#sockets.accept({ role: "bridge", id, terminal, requestId });
    this.#run({ kind: "bridge_attached", bridge: bridgeArrival(id, ticket, assignment, control) });
    return response;
  }

  #become(terminal: string): void {
    this.#terminal = terminal;
    this.#room.window = parseTerminalId(terminal).window;
  }

  #run(event: RoomEvent): void {
    const moment: Moment = { now: Date.now(), lastPingAt: (id) => this.#sockets.lastPingAt(id) };
    for (const effect of handle(this.#room, event, moment)) this.#apply(effect);
    if (this.#room.barrier === null) for (const resolve of this.#unbarred.splice(0)) resolve();
  }

  #apply(effect: Effect): void {
    switch (effect.kind) {
      case "send":
        for (const id of effect.to) this.#sockets.send(id, effect.frame);
        return;
      case "send_bridge":
        this.#sockets.send(effect.id, effect.frame);
        return;
      case "close_viewer":
      case "close_bridge":
        this.#sockets.close(effect.id, effect.close);
        return;
      case "keep":
        this.#sockets.keep(effect.keepsake);
        return;
      case "keep_policy":
        this.#keepPolicy(effect.chosen);
        return;
      case "release":
        this.#release(effect.userId, effect.id);
        return;
      case "want":
      case "unwant":
      case "ask_control":
      case "holder_left":
        this.#cluster.tell(this.#terminal, effect);
        return;
    }
  }

  #keepPolicy(chosen: ChosenPolicy | null): void {
    const { storage } = this.ctx;
    if (chosen === null) storage.kv.delete(policyKey);
    else storage.kv.put(policyKey, chosen);
    const { ownerLeftAt } = chosen ?? { ownerLeftAt: null };
    this.ctx.waitUntil(ownerLeftAt === null ? storage.deleteAlarm() : storage.setAlarm(endOf(ownerLeftAt)));
  }

  #release(userId: string, socketId: string): void {
    const released = this.env.USERS.getByName(userId).release(socketId);
    this.ctx.waitUntil(released.catch((error: unknown) => this.#warn("a socket was not released", error)));
  }

  /** It is told again with the next event. */
  #clusterFailed(error: unknown): void {
    this.#room.wantedAt = 0;
    this.#warn("the cluster was not told", error);
  }

  #warn(msg: string, error: unknown): void {
    const { environmentId } = parseTerminalId(this.#terminal);
    this.#log("warn", msg, { environment_id: environmentId, error: String(error) });
  }
}
