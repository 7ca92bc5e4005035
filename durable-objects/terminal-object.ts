/**
 * The platform shell of one terminal: sockets in, frames out; what to do is decided in terminal/. It sets no timer and dials
 * nowhere, so that it can sleep whenever nothing is typed or printed. All it stores is the size policy that its owner has
 * chosen, with an alarm for its end while they are away.
 */
import { DurableObject } from "cloudflare:workers";
import { type Log, objectLog } from "./logging.ts";
import { type Metering, meterClose } from "./metering.ts";
import { pingText, pongText, type ServerMessage } from "./protocol/client.ts";
import { type CloseName, closes, cutCode } from "./protocol/closes.ts";
import {
  bridgeTicketSchema,
  type ClusterRpc,
  type Control,
  decodeTicket,
  type MeteredKind,
  objectPaths,
  type TerminalRpc,
  ticketHeader,
  type ViewerTicket,
  viewerTicketSchema,
} from "./protocol/objects.ts";
import { hasShell, parseTerminalId } from "./protocol/vocabulary.ts";
import { acceptUpgrade, answerClose, closeSocket, isOpen, lastPingAt, refuseUpgrade } from "./sockets.ts";
import type { Arrival, BridgeArrival, Effect, Moment, RoomEvent } from "./terminal/events.ts";
import { handle } from "./terminal/handle.ts";
import { mayTypeHere } from "./terminal/holder.ts";
import { type ChosenPolicy, endOf } from "./terminal/policy.ts";
import { type BridgeKeepsake, type Room, readmit, restoreRoom } from "./terminal/room.ts";
import type { ViewerKeepsake } from "./terminal/viewers.ts";

const policyKey = "policy";

export class TerminalObject extends DurableObject<ObjectsEnv> implements TerminalRpc {
  readonly #sockets = new Map<string, WebSocket>();
  /** Sockets that were closed here and whose peer has not answered. */
  readonly #closing = new Set<string>();
  readonly #room: Room;
  readonly #log: Log;
  readonly #metering: Metering;
  /** Its own terminal id, as the ticket of its last arrival said: it is needed only while somebody is here. */
  #terminal = "";
  /** Calls to the cluster, one after the other, so that want and unwant cannot overtake each other. Wishes for control are
   * a line of their own, for they may wait until a bridge is wanted and has come. */
  readonly #clusterCalls = { presence: Promise.resolve(), wishes: Promise.resolve() };
  /** Who waits for the bridge to have applied what it was given. */
  readonly #unbarred: (() => void)[] = [];

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#log = objectLog(env);
    this.#metering = { ctx, env, log: this.#log };
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(pingText, pongText));
    const open = ctx.getWebSockets().filter(isOpen);
    for (const socket of open) this.#sockets.set(this.#idOf(socket), socket);
    this.#room = restoreRoom(
      open.map((socket) => this.#kept(socket)),
      ctx.storage.kv.get<ChosenPolicy>(policyKey) ?? null,
    );
    const [known] = ctx.getWebSockets();
    if (known !== undefined) this.#become(ctx.getTags(known)[2] ?? "");
  }

  override async fetch(request: Request): Promise<Response> {
    const ticket = request.headers.get(ticketHeader);
    return new URL(request.url).pathname === objectPaths.viewer
      ? this.#acceptViewer(decodeTicket(ticket, viewerTicketSchema))
      : this.#acceptBridge(request);
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

  /** What comes behind our close is nobody's any more; a peer that floods on costs as little as can be. */
  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    if (!isOpen(socket)) return;
    const [role, id = ""] = this.ctx.getTags(socket);
    this.#run(role === "bridge" ? { kind: "bridge_frame", id, data } : { kind: "viewer_frame", id, data });
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    answerClose(socket);
    this.#leave(socket, code);
  }

  override webSocketError(socket: WebSocket): void {
    this.#leave(socket, cutCode);
  }

  #leave(socket: WebSocket, code: number): void {
    const [role, id = ""] = this.ctx.getTags(socket);
    if (this.#closing.delete(id)) return;
    if (!this.#sockets.delete(id)) readmit(this.#room, this.#kept(socket));
    meterClose(this.#metering, kindOf(socket), code);
    this.#log("info", `${role} left`, { ...this.#detail(socket) });
    this.#run(role === "bridge" ? { kind: "bridge_left", id } : { kind: "viewer_left", id });
  }

  #acceptViewer(ticket: ViewerTicket): Response {
    this.#become(ticket.terminal);
    const arrival = arrivalOf(ticket);
    const { id } = arrival.viewer;
    return this.#accept(
      ["viewer", id],
      { requestId: ticket.requestId, userId: ticket.userId },
      {
        kind: "viewer_joined",
        arrival,
      },
    );
  }

  async #acceptBridge(request: Request): Promise<Response> {
    const ticket = decodeTicket(request.headers.get(ticketHeader), bridgeTicketSchema);
    const { clusterId, bridgeId, bridgeTokenId: tokenId, requestId, version, assignment } = ticket;
    if (assignment === null) return this.#refuse("superseded");
    const cluster = this.env.CLUSTERS.getByName(clusterId);
    this.#become(assignment.terminal);
    // In this order: of a terminal that is wanted, whatever comes after the second answer is told.
    const [verdict, control] = await Promise.all([
      cluster.verifyAssignment(assignment),
      cluster.controlOf(assignment.terminal),
    ]);
    if (verdict !== "current") return this.#refuse(verdict);
    const id = crypto.randomUUID();
    const number = assignment.assignment;
    const whose = { id, tokenId, clusterId, bridgeId, requestId, version };
    const bridge: BridgeArrival = { ...whose, assignment: number, control };
    return this.#accept(["bridge", id], { requestId }, { kind: "bridge_attached", bridge });
  }

  #become(terminal: string): void {
    this.#terminal = terminal;
    this.#room.window = parseTerminalId(terminal).window;
  }

  #refuse(close: CloseName): Response {
    meterClose(this.#metering, "data", closes[close].code);
    return refuseUpgrade(close);
  }

  #accept(tags: [string, string], kept: { requestId: string; userId?: string }, event: RoomEvent): Response {
    const { response, socket } = acceptUpgrade(this.ctx, [...tags, this.#terminal], kept);
    this.#sockets.set(tags[1], socket);
    this.#log("info", `${tags[0]} attached`, this.#detail(socket));
    this.#run(event);
    return response;
  }

  #run(event: RoomEvent): void {
    const now = Date.now();
    const moment: Moment = {
      now,
      lastPingAt: (id) => {
        const socket = this.#sockets.get(id);
        return socket === undefined ? null : lastPingAt(this.ctx, socket);
      },
    };
    for (const effect of handle(this.#room, event, moment)) this.#apply(effect);
    if (this.#room.barrier === null) for (const resolve of this.#unbarred.splice(0)) resolve();
  }

  #apply(effect: Effect): void {
    switch (effect.kind) {
      case "send":
        for (const id of effect.to) this.#send(id, effect.frame);
        return;
      case "send_bridge":
        this.#send(effect.id, effect.frame);
        return;
      case "close_viewer":
      case "close_bridge":
        this.#close(effect.id, effect.close);
        return;
      case "keep":
        this.#sockets.get(effect.keepsake.id)?.serializeAttachment(effect.keepsake);
        return;
      case "keep_policy":
        this.#keepPolicy(effect.chosen);
        return;
      case "release":
        this.#release(effect.userId, effect.id);
        return;
      case "want":
        this.#callCluster("presence", effect.clusterId, async (cluster) => {
          this.#run({ kind: "wanted", isLinked: await cluster.want(this.#terminal, effect.isRepeated) });
        });
        return;
      case "ask_control":
        this.#askControl(effect);
        return;
      case "holder_left":
        this.#callCluster("presence", effect.clusterId, (cluster) =>
          cluster.holderLeft(this.#terminal, effect.userId, effect.isForGood),
        );
        return;
      case "unwant":
        this.#callCluster("presence", effect.clusterId, (cluster) => cluster.unwant(this.#terminal));
        return;
    }
  }

  #askControl({ clusterId, id, wish }: Extract<Effect, { kind: "ask_control" }>): void {
    const { action } = wish;
    this.#callCluster("wishes", clusterId, async (cluster) => {
      try {
        this.#run({ kind: "control_answered", id, action, control: await cluster.askControl(this.#terminal, wish) });
      } catch (error) {
        this.#run({ kind: "control_answered", id, action, control: null });
        throw error;
      }
    });
  }

  #send(id: string, frame: string): void {
    const socket = this.#sockets.get(id);
    if (socket !== undefined && isOpen(socket)) socket.send(frame);
  }

  #close(id: string, close: CloseName): void {
    const socket = this.#sockets.get(id);
    if (socket === undefined) return;
    this.#sockets.delete(id);
    this.#closing.add(id);
    this.#log("info", `${this.ctx.getTags(socket)[0]} closed`, { ...this.#detail(socket), close });
    meterClose(this.#metering, kindOf(socket), closes[close].code);
    closeSocket(socket, close);
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

  #callCluster(line: "presence" | "wishes", clusterId: string, call: (cluster: ClusterRpc) => Promise<void>): void {
    this.#clusterCalls[line] = this.#clusterCalls[line]
      .then(() => call(this.env.CLUSTERS.getByName(clusterId)))
      .catch((error: unknown) => {
        this.#room.wantedAt = 0;
        this.#warn("the cluster was not told", error);
      });
    this.ctx.waitUntil(this.#clusterCalls[line]);
  }

  #warn(msg: string, error: unknown): void {
    const { environmentId } = parseTerminalId(this.#terminal);
    this.#log("warn", msg, { environment_id: environmentId, error: String(error) });
  }

  #kept(socket: WebSocket): ViewerKeepsake | BridgeKeepsake {
    return socket.deserializeAttachment() as ViewerKeepsake | BridgeKeepsake;
  }

  #idOf(socket: WebSocket): string {
    return this.ctx.getTags(socket)[1] ?? "";
  }

  #detail(socket: WebSocket): {
    environment_id: string;
    request_id?: string | undefined;
    user_id?: string | undefined;
  } {
    const kept = socket.deserializeAttachment() as { requestId?: string; userId?: string };
    const { environmentId } = parseTerminalId(this.#terminal);
    return { environment_id: environmentId, request_id: kept.requestId, user_id: kept.userId };
  }
}

/** A viewer's own kind is in what is kept beside its socket; a bridge's has none. */
function kindOf(socket: WebSocket): MeteredKind {
  const kept = socket.deserializeAttachment() as Partial<ViewerKeepsake>;
  return kept.kind ?? "data";
}

/** The greeting says welcome and, where there is no shell or something is to be said of it, how the environment is. */
function arrivalOf(ticket: ViewerTicket): Arrival {
  const { socketId, userId, sessionId, clusterId, kind, version, requestId, username, role, roleEnds } = ticket;
  const { environment, phase, statusMessage } = ticket;
  const welcome: ServerMessage = { type: "welcome", message: `Connected to ${environment.name}`, environment };
  const update: ServerMessage = {
    type: "status_update",
    status: environment.status,
    phase,
    message: statusMessage ?? `The environment is ${phase}`,
    reason: ticket.phaseReason ?? null,
    progress: null,
  };
  return {
    viewer: { id: socketId, userId, sessionId, clusterId, kind, version, requestId, username, access: role, roleEnds },
    greeting: hasShell(phase) && statusMessage === null ? [welcome] : [welcome, update],
  };
}
