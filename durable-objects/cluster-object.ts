/**
 * The platform shell of one cluster: the control links of its bridges, the terminals that are wanted of them, and the
 * questions only they can answer. It routes calls and frames to the parts in cluster/, and sets the one alarm for all of them.
 */
import { DurableObject } from "cloudflare:workers";
import { Asks } from "./cluster/asks.ts";
import { Bridges } from "./cluster/bridges.ts";
import { ClusterControl } from "./cluster/control.ts";
import { controlReach } from "./cluster/control-reach.ts";
import { StoredControl } from "./cluster/control-store.ts";
import { Facts } from "./cluster/facts.ts";
import { type Link, linkOf, send } from "./cluster/link.ts";
import { Links } from "./cluster/links.ts";
import { Nudges } from "./cluster/nudges.ts";
import { Roster } from "./cluster/roster.ts";
import { Wants } from "./cluster/wants.ts";
import { WatchedTerminals } from "./cluster/watched.ts";
import { objectLog } from "./logging.ts";
import {
  type AnswerResult,
  type Assignment,
  type BridgeMessage,
  bridgeMessageSchema,
  type Question,
} from "./protocol/bridge-link.ts";
import { pingText, pongText, type StatusUpdate } from "./protocol/client.ts";
import { cutCode } from "./protocol/closes.ts";
import type { ClusterRpc, Control, ControlWish, EnvironmentUpdate, LinkedBridge } from "./protocol/objects.ts";
import { ticketHeader } from "./protocol/tickets.ts";
import { limits } from "./protocol/timing.ts";
import type { TransferOrder } from "./protocol/transfers.ts";
import { answerClose } from "./sockets.ts";
import { isTooLong, parseJson } from "./terminal/frames.ts";

export class ClusterObject extends DurableObject<ObjectsEnv> implements ClusterRpc {
  readonly #wants: Wants;
  readonly #watched: WatchedTerminals;
  readonly #links: Links;
  readonly #roster: Roster;
  readonly #bridges: Bridges;
  readonly #asks = new Asks();
  readonly #nudges: Nudges;
  readonly #control: ClusterControl;
  /** What the alarm is set to, as far as is known (ms since the epoch). */
  #wakesAt = Number.POSITIVE_INFINITY;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    const log = objectLog(env);
    const facts = new Facts(ctx.storage.sql);
    const onDue = () => void this.#roster.settle();
    this.#wants = new Wants(ctx.storage.sql, facts);
    this.#watched = new WatchedTerminals(env, log, this.#wants);
    this.#links = new Links({ ctx, env, log }, (linkId) => this.#asks.linkLost(linkId));
    this.#roster = new Roster(this.#links, this.#wants, facts, () => this.ctx.waitUntil(this.#wake()));
    this.#bridges = new Bridges(this.#links, this.#roster, log);
    this.#nudges = new Nudges(facts, { tell: (nudge) => this.#roster.tellChanged(nudge), onDue });
    const assignAnew = (terminal: string) => this.#roster.assignAnew(terminal);
    const reach = controlReach(env, log, this.#wants, { assignAnew, onDue });
    this.#control = new ClusterControl(new StoredControl(ctx.storage.sql, facts), reach);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(pingText, pongText));
  }

  override async fetch(request: Request): Promise<Response> {
    return this.#links.accept(request.headers.get(ticketHeader));
  }

  async nudge(revision: string, requestId?: string): Promise<void> {
    this.#nudges.take({ revision, requestId });
  }

  override async alarm(): Promise<void> {
    this.#wakesAt = Number.POSITIVE_INFINITY;
    this.#nudges.flush();
    this.#roster.settle();
    await this.#control.expire();
  }

  async want(terminal: string, isRepeated = false): Promise<boolean> {
    this.#roster.want(terminal, isRepeated);
    // Whoever was here before may have been cut without a word, and elsewhere too.
    this.ctx.waitUntil(this.#control.check(terminal));
    return this.#isLinked;
  }

  async unwant(terminal: string): Promise<void> {
    if (this.#wants.remove(terminal)) this.#roster.tellWants();
    this.ctx.waitUntil(this.#control.check(terminal));
  }

  askControl(terminal: string, wish: ControlWish): Promise<Control> {
    return this.#control.ask(terminal, wish);
  }

  async controlOf(terminal: string): Promise<Control> {
    return this.#control.of(terminal);
  }

  holderLeft(terminal: string, userId: string, isForGood: boolean): Promise<void> {
    return this.#control.left(terminal, userId, isForGood);
  }

  async verifyAssignment(shown: Assignment): Promise<"current" | "superseded" | "unwanted"> {
    const want = this.#wants.find(shown.terminal);
    if (want === undefined) return "unwanted";
    return want.assignment === shown.assignment && want.secret === shown.secret ? "current" : "superseded";
  }

  async ask(question: Question, requestId?: string): Promise<AnswerResult> {
    const link = this.#roster.linkFor(question.environment_id);
    if (link === null) return { kind: "failed", code: "unavailable", message: "No bridge is connected" };
    const id = crypto.randomUUID();
    send(link, { type: "ask", id, question, request_id: requestId });
    return this.#asks.wait(id, link.id);
  }

  async transfer(id: string, order: TransferOrder, requestId?: string, ownerId?: string): Promise<boolean> {
    const link = this.#roster.linkFor(order.environment_id);
    if (link === null) return false;
    send(link, { type: "transfer", id, order, request_id: requestId, owner: ownerId });
    return true;
  }

  announce(environmentId: string, update: StatusUpdate): Promise<void> {
    return this.announceAll([{ environmentId, update }]);
  }

  announceAll(updates: readonly EnvironmentUpdate[]): Promise<void> {
    return this.#watched.announce(updates);
  }

  async endEnvironment(environmentId: string): Promise<void> {
    const watched = this.#wants.ofEnvironment(environmentId);
    await this.#watched.end(watched);
    for (const terminal of watched) this.#wants.remove(terminal);
    await this.#control.forget(environmentId);
    if (watched.length > 0) this.#roster.tellWants();
  }

  async isLinked(): Promise<boolean> {
    this.#roster.settle();
    return this.#isLinked;
  }

  async linkedBridges(): Promise<LinkedBridge[]> {
    return this.#roster.linked();
  }

  async revoke(bridgeTokenId: string): Promise<void> {
    this.#bridges.revoke(bridgeTokenId);
    await this.#watched.revoke(bridgeTokenId);
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    const link = linkOf(socket);
    const message = isTooLong(data, limits.maxBridgeFrameBytes)
      ? { success: false as const }
      : bridgeMessageSchema.safeParse(parseJson(data));
    if (message.success) this.#take(link, message.data);
    else this.#links.close(link, "badFrame");
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    answerClose(socket);
    this.#bridges.left(linkOf(socket), code);
  }

  override webSocketError(socket: WebSocket): void {
    this.#bridges.left(linkOf(socket), cutCode);
  }

  #take(link: Link, message: BridgeMessage): void {
    if (message.type === "answer") this.#asks.answer(message.id, link.id, message.result);
    else this.#bridges.take(link, message);
  }

  /** As of the last look who is here. */
  get #isLinked(): boolean {
    return this.#links.ready().length > 0;
  }

  /**
   * Has the object woken when something is due. Sooner does no harm: then it is looked at again. What was set before the memory
   * was taken is not known, so every call counts in all that is due; who is here is looked at just before.
   */
  async #wake(): Promise<void> {
    const dueAt = Math.min(this.#nudges.dueAt(), this.#roster.dueAt(), this.#control.dueAt());
    if (dueAt >= this.#wakesAt) return;
    this.#wakesAt = dueAt;
    await this.ctx.storage.setAlarm(dueAt);
  }
}
