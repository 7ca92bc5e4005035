/**
 * The platform shell of one cluster: the control links of its bridges, the terminals that are wanted of them, and the
 * questions only they can answer. It is the arbiter of several bridges: who serves what is decided in cluster/duties.ts.
 */
import { DurableObject } from "cloudflare:workers";
import { Asks } from "./cluster/asks.ts";
import { ClusterControl } from "./cluster/control.ts";
import { controlReach } from "./cluster/control-reach.ts";
import { StoredControl } from "./cluster/control-store.ts";
import {
  isSameDuty,
  membersOf,
  nobody,
  type Standing,
  settle,
  withoutBridge,
  withoutForerunners,
  withoutMember,
} from "./cluster/duties.ts";
import { Facts } from "./cluster/facts.ts";
import {
  heardAt,
  isForerunner,
  isReady,
  isSilent,
  keepState,
  keepTrouble,
  type Link,
  linkOf,
  maxTrouble,
  newKeepsake,
  openLinks,
  type ReadyLink,
  send,
  stateFrom,
} from "./cluster/links.ts";
import { Wants } from "./cluster/wants.ts";
import { type Log, objectLog } from "./logging.ts";
import { type Metering, meterClose } from "./metering.ts";
import {
  type AnswerResult,
  type Assignment,
  type BridgeMessage,
  bridgeMessageSchema,
  type Question,
} from "./protocol/bridge-link.ts";
import { pingText, pongText, type StatusUpdate } from "./protocol/client.ts";
import { type CloseName, closes, cutCode } from "./protocol/closes.ts";
import {
  type ClusterRpc,
  type Control,
  type ControlWish,
  type EnvironmentUpdate,
  type LinkedBridge,
  ticketHeader,
} from "./protocol/objects.ts";
import { bridgeOf } from "./protocol/placement.ts";
import { limits, timing } from "./protocol/timing.ts";
import type { TransferOrder } from "./protocol/transfers.ts";
import { parseTerminalId } from "./protocol/vocabulary.ts";
import { acceptUpgrade, answerClose, closeSocket } from "./sockets.ts";
import { isTooLong, parseJson } from "./terminal/frames.ts";

export class ClusterObject extends DurableObject<ObjectsEnv> implements ClusterRpc {
  readonly #facts: Facts;
  readonly #wants: Wants;
  readonly #asks = new Asks();
  readonly #control: ClusterControl;
  readonly #log: Log;
  readonly #metering: Metering;
  #nudgedAt = 0;
  /** What the alarm is set to, as far as is known. */
  #wakesAt = Number.POSITIVE_INFINITY;

  constructor(ctx: DurableObjectState, env: ObjectsEnv) {
    super(ctx, env);
    this.#log = objectLog(env);
    this.#metering = { ctx, env, log: this.#log };
    this.#facts = new Facts(ctx.storage.sql);
    this.#wants = new Wants(ctx.storage.sql, this.#facts);
    const reach = controlReach(env, this.#log, this.#wants, {
      assignAnew: (terminal) => this.#assignAnew(terminal),
      onDue: () => void this.#settle(),
    });
    this.#control = new ClusterControl(new StoredControl(ctx.storage.sql, this.#facts), reach);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(pingText, pongText));
  }

  override async fetch(request: Request): Promise<Response> {
    const keepsake = newKeepsake(request.headers.get(ticketHeader));
    this.#log("info", "link opened", { request_id: keepsake.requestId, cluster_id: keepsake.clusterId });
    return acceptUpgrade(this.ctx, [], keepsake).response;
  }

  /** The first nudge goes out at once, the last of a busy second at its end. */
  async nudge(revision: string, requestId?: string): Promise<void> {
    const dueAt = this.#nudgedAt + timing.nudgeGapMs;
    if (dueAt <= Date.now()) {
      this.#sendChanged(revision, requestId);
      return;
    }
    this.#facts.set("nudge", JSON.stringify({ revision, requestId, dueAt }));
    this.#settle();
  }

  override async alarm(): Promise<void> {
    this.#wakesAt = Number.POSITIVE_INFINITY;
    const nudge = this.#nudge();
    this.#facts.clear("nudge");
    if (nudge !== null) this.#sendChanged(nudge.revision, nudge.requestId);
    this.#settle();
    await this.#control.expire();
  }

  async want(terminal: string, isRepeated = false): Promise<boolean> {
    if (this.#wants.add(terminal, membersOf(this.#settle()), isRepeated)) this.#sendWants();
    // Whoever was here before may have been cut without a word, and elsewhere too.
    this.ctx.waitUntil(this.#control.check(terminal));
    return this.#ready().length > 0;
  }

  async unwant(terminal: string): Promise<void> {
    if (this.#wants.remove(terminal)) this.#sendWants();
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
    const link = this.#linkFor(question.environment_id);
    if (link === null) return { kind: "failed", code: "unavailable", message: "No bridge is connected" };
    const id = crypto.randomUUID();
    send(link, { type: "ask", id, question, ...(requestId === undefined ? {} : { request_id: requestId }) });
    return this.#asks.wait(id, link.id);
  }

  async transfer(id: string, order: TransferOrder, requestId?: string, ownerId?: string): Promise<boolean> {
    const link = this.#linkFor(order.environment_id);
    if (link === null) return false;
    send(link, { type: "transfer", id, order, request_id: requestId, owner: ownerId });
    return true;
  }

  async announce(environmentId: string, update: StatusUpdate): Promise<void> {
    await this.announceAll([{ environmentId, update }]);
  }

  async announceAll(updates: readonly EnvironmentUpdate[]): Promise<void> {
    const told = new Map(updates.map(({ environmentId, update }) => [environmentId, update]));
    const updateFor = (terminal: string) => told.get(parseTerminalId(terminal).environmentId);
    const watched = this.#wants.terminals().filter((terminal) => updateFor(terminal) !== undefined);
    await this.#each(watched, async (terminal) => {
      const update = updateFor(terminal);
      if (update !== undefined) await this.env.TERMINALS.getByName(terminal).announce(update);
    });
  }

  async endEnvironment(environmentId: string): Promise<void> {
    const watched = this.#wants.ofEnvironment(environmentId);
    await this.#each(watched, (terminal) => this.env.TERMINALS.getByName(terminal).end("all", "environmentDeleted"));
    for (const terminal of watched) this.#wants.remove(terminal);
    await this.#control.forget(environmentId);
    if (watched.length > 0) this.#sendWants();
  }

  async isLinked(): Promise<boolean> {
    this.#settle();
    return this.#ready().length > 0;
  }

  async linkedBridges(): Promise<LinkedBridge[]> {
    const { lease } = this.#settle();
    const bridges = this.#ready().map(({ state }) => ({
      ...state,
      hasLease: lease?.bridgeId === state.bridgeId,
      terminals: this.#wants.listOf(state.bridgeId).length,
    }));
    return bridges.sort((a, b) => a.sinceMs - b.sinceMs);
  }

  async revoke(bridgeTokenId: string): Promise<void> {
    const revoked = openLinks(this.ctx).filter((link) => link.tokenId === bridgeTokenId);
    for (const link of revoked) this.#drop(link, "bridgeRevoked");
    this.#settle((standing) =>
      revoked.filter(isReady).reduce((s, { state }) => withoutMember(s, state.bridgeId), standing),
    );
    const watched = this.#wants.terminals();
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
    this.#left(linkOf(socket), code);
  }

  override webSocketError(socket: WebSocket): void {
    this.#left(linkOf(socket), cutCode);
  }

  #take(link: Link, message: BridgeMessage): void {
    switch (message.type) {
      case "hello": {
        // What is remembered of bridges would grow with every name that one link takes.
        const isRenamed = isReady(link) && link.state.bridgeId !== message.bridge_id;
        if (isRenamed) this.#drop(link, "badFrame");
        else this.#welcome(link, message);
        return;
      }
      case "draining":
        if (isReady(link)) this.#drain(link);
        return;
      case "trouble":
        if (isReady(link)) this.#note(link, message.message);
        return;
      case "answer":
        this.#asks.answer(message.id, link.id, message.result);
        return;
    }
  }

  /**
   * A bridge process has one link. One that cannot share serves alone, and the newest of both kinds stays: the others are
   * closed, and stop.
   */
  #welcome(link: Link, hello: Extract<BridgeMessage, { type: "hello" }>): void {
    const ready = keepState(link, stateFrom(hello, Date.now()));
    const { state } = ready;
    const others = this.#ready().filter(({ id }) => id !== link.id);
    const ended = others.filter((other) => !state.shares || !other.state.shares || isForerunner(other, ready));
    const replaced = others.filter((other) => other.state.bridgeId === state.bridgeId);
    for (const other of new Set([...ended, ...replaced])) this.#drop(other, "superseded");
    const detail = { request_id: link.requestId, cluster_id: link.clusterId, bridge_id: state.bridgeId };
    this.#log("info", "link ready", detail);
    this.#settle((standing) => {
      if (!state.shares) return nobody;
      const left = ended.filter((other) => other.state.bridgeId !== state.bridgeId);
      return withoutForerunners(left.reduce(withoutLink, standing), state);
    }, ready);
  }

  #drain(link: ReadyLink): void {
    keepState(link, { ...link.state, isDraining: true });
    this.#log("info", "link drains", { cluster_id: link.clusterId, bridge_id: link.state.bridgeId });
    this.#settle((standing) => withoutLink(standing, link));
  }

  #note(link: ReadyLink, trouble: string | null): void {
    keepTrouble(link, trouble);
    const detail = { cluster_id: link.clusterId, bridge_id: link.state.bridgeId };
    if (trouble === null) this.#log("info", "bridge in order again", detail);
    else this.#log("warn", "bridge in trouble", { ...detail, trouble: trouble.slice(0, maxTrouble) });
  }

  /** Looks who is here and who does what; tells all of a change, and a newcomer in any case. */
  #settle(change: (standing: Standing) => Standing = (standing) => standing, newcomer?: ReadyLink): Standing {
    const now = Date.now();
    const before = this.#standing();
    const silent = this.#ready().filter((link) => isSilent(this.ctx, link, now));
    for (const link of silent) this.#drop(link, "silent");
    const present = this.#ready().filter(({ state }) => !state.isDraining);
    const heard = present.map((link) => ({ ...link.state, heardAt: heardAt(this.ctx, link) }));
    const { standing, lookAt } = settle(silent.reduce(withoutLink, change(before)), heard, now);
    if (JSON.stringify(standing) !== JSON.stringify(before)) this.#facts.set("standing", JSON.stringify(standing));
    if (!isSameDuty(before, standing)) {
      this.#wants.assignTo(membersOf(standing));
      this.#tellDuties(standing, this.#ready());
    } else if (newcomer !== undefined) this.#tellDuties(standing, [newcomer]);
    this.ctx.waitUntil(this.#wake(lookAt));
    return standing;
  }

  #standing(): Standing {
    const kept = this.#facts.get("standing");
    return kept === null ? nobody : JSON.parse(kept);
  }

  #nudge(): { revision: string; requestId?: string; dueAt: number } | null {
    return JSON.parse(this.#facts.get("nudge") ?? "null");
  }

  /** Has the object woken when something is due. Sooner does no harm: then it is looked at again. */
  async #wake(lookAt: number | null): Promise<void> {
    const never = Number.POSITIVE_INFINITY;
    const dueAt = Math.min(this.#nudge()?.dueAt ?? never, lookAt ?? never, this.#control.dueAt());
    if (dueAt >= this.#wakesAt) return;
    this.#wakesAt = dueAt;
    await this.ctx.storage.setAlarm(dueAt);
  }

  #tellDuties(standing: Standing, links: readonly ReadyLink[]): void {
    const bridges = membersOf(standing);
    for (const link of links) {
      const lease = standing.lease?.bridgeId === link.state.bridgeId;
      if (link.state.shares) send(link, { type: "duties", lease, bridges });
      this.#sendWantsTo(link);
    }
  }

  #sendChanged(revision: string, requestId?: string): void {
    this.#nudgedAt = Date.now();
    this.#settle();
    const message = {
      type: "changed",
      revision,
      ...(requestId === undefined ? {} : { request_id: requestId }),
    } as const;
    for (const link of this.#ready()) send(link, message);
  }

  #assignAnew(terminal: string): void {
    this.#wants.add(terminal, membersOf(this.#standing()), true);
    this.#sendWants();
  }

  #sendWants(): void {
    for (const link of this.#ready()) this.#sendWantsTo(link);
  }

  #sendWantsTo(link: ReadyLink): void {
    send(link, { type: "want", terminals: this.#wants.listOf(link.state.bridgeId) });
  }

  /** The links that have said hello. */
  #ready(): ReadyLink[] {
    return openLinks(this.ctx).filter(isReady);
  }

  /** The link of the bridge that serves this environment; another one that is here if that one is away. */
  #linkFor(environmentId: string): ReadyLink | null {
    const owner = bridgeOf(environmentId, membersOf(this.#settle()));
    const ready = this.#ready();
    return (
      ready.find(({ state }) => state.bridgeId === owner) ??
      ready.find(({ state }) => !state.isDraining) ??
      ready[0] ??
      null
    );
  }

  #drop(link: Link, close: CloseName): void {
    closeSocket(link.socket, close);
    this.#log("info", "link closed", { request_id: link.requestId, cluster_id: link.clusterId, close });
    this.#asks.linkLost(link.id);
  }

  /** Also after a close of ours, whose code the peer sends back. Who says goodbye has let go of everything. */
  #left(link: Link, code: number): void {
    meterClose(this.#metering, "link", code);
    this.#asks.linkLost(link.id);
    this.#log("info", "link left", { request_id: link.requestId, cluster_id: link.clusterId, code });
    const isBack = isReady(link) && this.#ready().some(({ state }) => state.bridgeId === link.state.bridgeId);
    if (!isReady(link) || isBack) return;
    this.#settle((standing) => (code === closes.finished.code ? withoutLink(standing, link) : standing));
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

function withoutLink(standing: Standing, { state }: ReadyLink): Standing {
  return withoutBridge(standing, state.bridgeId);
}
