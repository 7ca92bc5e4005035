/**
 * The platform shell of one cluster: the control links of its bridges, the terminals that are wanted of them, and
 * the questions only they can answer. One bridge serves at a time: the one that said hello last.
 */
import { DurableObject } from "cloudflare:workers";
import { Asks } from "./cluster-asks.ts";
import { Wants } from "./cluster-wants.ts";
import { type Log, objectLog } from "./logging.ts";
import { type Metering, meterClose } from "./metering.ts";
import {
  type AnswerResult,
  type Assignment,
  type BridgeMessage,
  bridgeMessageSchema,
  type ClusterMessage,
  type Question,
} from "./protocol/bridge-link.ts";
import { pingText, pongText, type StatusUpdate } from "./protocol/client.ts";
import { type CloseName, cutCode } from "./protocol/closes.ts";
import { bridgeTicketSchema, type ClusterRpc, decodeTicket, type LinkState, ticketHeader } from "./protocol/objects.ts";
import { limits, timing } from "./protocol/timing.ts";
import { acceptUpgrade, answerClose, closeSocket, isOpen, lastPingAt } from "./sockets.ts";
import { isTooLong, parseJson } from "./terminal/frames.ts";

/** What is kept beside a link's socket. */
interface LinkKeepsake {
  id: string;
  tokenId: string;
  clusterId: string;
  requestId: string;
  /** Null until it has said hello. */
  state: LinkState | null;
}

/** What a bridge says of itself is kept beside its socket, where there is little room. */
const maxWord = 64;

interface Link extends LinkKeepsake {
  socket: WebSocket;
}

export class ClusterObject extends DurableObject<ObjectsEnv> implements ClusterRpc {
  readonly #wants: Wants;
  readonly #asks = new Asks();
  readonly #log: Log;
  readonly #metering: Metering;
  #nudgedAt = 0;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#log = objectLog(env);
    this.#metering = { ctx, env, log: this.#log };
    this.#wants = new Wants(ctx.storage.sql);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(pingText, pongText));
  }

  override async fetch(request: Request): Promise<Response> {
    const ticket = decodeTicket(request.headers.get(ticketHeader), bridgeTicketSchema);
    const { bridgeTokenId: tokenId, clusterId, requestId } = ticket;
    const keepsake: LinkKeepsake = { id: crypto.randomUUID(), tokenId, clusterId, requestId, state: null };
    this.#log("info", "link opened", { request_id: requestId, cluster_id: clusterId });
    return acceptUpgrade(this.ctx, [], keepsake).response;
  }

  /** The first nudge goes out at once, the last of a busy second at its end. */
  async nudge(revision: string, requestId?: string): Promise<void> {
    const waitMs = this.#nudgedAt + timing.nudgeGapMs - Date.now();
    if (waitMs <= 0) {
      this.#sendChanged(revision, requestId);
      return;
    }
    this.#wants.setFact("nudge", JSON.stringify({ revision, requestId }));
    await this.ctx.storage.setAlarm(Date.now() + waitMs);
  }

  override async alarm(): Promise<void> {
    const { revision, requestId } = JSON.parse(this.#wants.fact("nudge") ?? '{"revision":"0"}');
    this.#sendChanged(revision, requestId);
  }

  async want(terminal: string, isRepeated = false): Promise<boolean> {
    if (this.#wants.add(terminal, isRepeated)) this.#sendWants();
    return this.#link() !== null;
  }

  async unwant(terminal: string): Promise<void> {
    if (this.#wants.remove(terminal)) this.#sendWants();
  }

  async verifyAssignment(shown: Assignment): Promise<"current" | "superseded" | "unwanted"> {
    const want = this.#wants.find(shown.terminal);
    if (want === undefined) return "unwanted";
    return want.assignment === shown.assignment && want.secret === shown.secret ? "current" : "superseded";
  }

  async ask(question: Question, requestId?: string): Promise<AnswerResult> {
    const link = this.#link();
    if (link === null) return { kind: "failed", code: "unavailable", message: "No bridge is connected" };
    const id = crypto.randomUUID();
    send(link, { type: "ask", id, question, ...(requestId === undefined ? {} : { request_id: requestId }) });
    return this.#asks.wait(id, link.id);
  }

  async announce(environmentId: string, update: StatusUpdate): Promise<void> {
    const watched = this.#wants.ofEnvironment(environmentId);
    await this.#each(watched, (terminal) => this.env.TERMINALS.getByName(terminal).announce(update));
  }

  async endEnvironment(environmentId: string): Promise<void> {
    const watched = this.#wants.ofEnvironment(environmentId);
    await this.#each(watched, (terminal) => this.env.TERMINALS.getByName(terminal).end("all", "environmentDeleted"));
    for (const terminal of watched) this.#wants.remove(terminal);
    if (watched.length > 0) this.#sendWants();
  }

  async isLinked(): Promise<boolean> {
    return this.#link() !== null;
  }

  async linkState(): Promise<LinkState | null> {
    return this.#link()?.state ?? null;
  }

  async revoke(bridgeTokenId: string): Promise<void> {
    for (const link of this.#links()) if (link.tokenId === bridgeTokenId) this.#drop(link, "bridgeRevoked");
    const watched = this.#wants.list().map(({ terminal }) => terminal);
    await this.#each(watched, (terminal) => this.env.TERMINALS.getByName(terminal).revoke(bridgeTokenId));
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    const link = linkOf(socket);
    const message = isTooLong(data, limits.maxBridgeFrameBytes)
      ? { success: false as const }
      : bridgeMessageSchema.safeParse(parseJson(data));
    if (message.success) this.#take(link, message.data);
    else this.#drop(link, "badFrame");
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    answerClose(socket);
    this.#forget(linkOf(socket), code);
  }

  override webSocketError(socket: WebSocket): void {
    this.#forget(linkOf(socket), cutCode);
  }

  #take(link: Link, message: BridgeMessage): void {
    if (message.type === "answer") this.#asks.answer(message.id, link.id, message.result);
    else this.#welcome(link, message);
  }

  /** The newest bridge takes over: others are closed, and what they were assigned is assigned anew. */
  #welcome(link: Link, { bridge_id: bridgeId, version, runtime }: Extract<BridgeMessage, { type: "hello" }>): void {
    const { id, tokenId, clusterId, requestId } = link;
    const state = {
      bridgeId,
      version: version.slice(0, maxWord),
      runtime: runtime.slice(0, maxWord),
      sinceMs: Date.now(),
    };
    link.socket.serializeAttachment({ id, tokenId, clusterId, requestId, state } satisfies LinkKeepsake);
    for (const other of this.#links()) if (other.id !== id) this.#drop(other, "superseded");
    this.#wants.assignAllTo(bridgeId);
    this.#log("info", "link ready", { request_id: requestId, cluster_id: clusterId, bridge_id: bridgeId });
    this.#sendWants();
  }

  #sendChanged(revision: string, requestId?: string): void {
    this.#nudgedAt = Date.now();
    const link = this.#link();
    if (link === null) return;
    send(link, { type: "changed", revision, ...(requestId === undefined ? {} : { request_id: requestId }) });
  }

  #sendWants(): void {
    const link = this.#link();
    if (link !== null) send(link, { type: "want", terminals: this.#wants.list() });
  }

  /** The link that serves: it has said hello and has not fallen silent. */
  #link(): Link | null {
    const ready = this.#links().filter((link) => link.state !== null);
    for (const link of ready) if (this.#isSilent(link)) this.#drop(link, "silent");
    return ready.find((link) => isOpen(link.socket)) ?? null;
  }

  #links(): Link[] {
    return this.ctx.getWebSockets().filter(isOpen).map(linkOf);
  }

  #isSilent(link: Link): boolean {
    const pingedAt = lastPingAt(this.ctx, link.socket);
    return pingedAt !== null && Date.now() - pingedAt > timing.bridgeSilentAfterMs;
  }

  #drop(link: Link, close: CloseName): void {
    closeSocket(link.socket, close);
    this.#log("info", "link closed", { request_id: link.requestId, cluster_id: link.clusterId, close });
    this.#asks.linkLost(link.id);
  }

  /** Also after a close of ours, whose code the peer sends back. */
  #forget(link: Link, code: number): void {
    meterClose(this.#metering, "link", code);
    this.#asks.linkLost(link.id);
    this.#log("info", "link left", { request_id: link.requestId, cluster_id: link.clusterId });
  }

  /** Calls every terminal; one that cannot be reached does not keep the others from it. */
  async #each(terminals: string[], call: (terminal: string) => Promise<void>): Promise<void> {
    const results = await Promise.allSettled(terminals.map(call));
    for (const [index, result] of results.entries()) {
      if (result.status === "rejected") {
        this.#log("warn", "a terminal was not reached", { terminal: terminals[index], error: String(result.reason) });
      }
    }
  }
}

function linkOf(socket: WebSocket): Link {
  return { ...(socket.deserializeAttachment() as LinkKeepsake), socket };
}

function send(link: Link, message: ClusterMessage): void {
  link.socket.send(JSON.stringify(message));
}
