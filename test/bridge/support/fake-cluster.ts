/**
 * The arbiter of several bridges as they see it: it decides with the rules of the real one (cluster/duties.ts), by the
 * real clock, and keeps what it decides in memory.
 */
import type { WebSocket } from "ws";
import {
  isSameDuty,
  membersOf,
  nobody,
  type Standing,
  settle,
  withoutBridge,
  withoutForerunners,
} from "../../../durable-objects/cluster/duties.ts";
import type { Assignment, BridgeMessage, ClusterMessage } from "../../../durable-objects/protocol/bridge-link.ts";
import { pingText } from "../../../durable-objects/protocol/client.ts";
import { closes } from "../../../durable-objects/protocol/closes.ts";
import { bridgeOf } from "../../../durable-objects/protocol/placement.ts";
import { timing } from "../../../durable-objects/protocol/timing.ts";
import { parseTerminalId } from "../../../durable-objects/protocol/vocabulary.ts";

interface Linked {
  socket: WebSocket;
  bridgeId: string;
  instance: string | null;
  sinceMs: number;
  heardAt: number;
  isDraining: boolean;
}

type Hello = Extract<BridgeMessage, { type: "hello" }>;

export class FakeCluster {
  /** The link that said hello last; it may be closed. */
  newest: WebSocket | null = null;
  readonly #links = new Map<string, Linked>();
  readonly #wants = new Map<string, Assignment & { bridge: string | null }>();
  #standing: Standing = nobody;
  #assigned = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Who shares, and who leads. */
  get leader(): string | null {
    return this.#standing.lease?.bridgeId ?? null;
  }

  get bridges(): string[] {
    return membersOf(this.#standing);
  }

  /** The link of one bridge. */
  linkOf(bridgeId: string): WebSocket | null {
    return this.#links.get(bridgeId)?.socket ?? null;
  }

  welcome(socket: WebSocket, hello: Hello): void {
    const { bridge_id: bridgeId } = hello;
    const instance = hello.instance ?? null;
    const linked = { socket, bridgeId, instance, sinceMs: Date.now(), heardAt: Date.now(), isDraining: false };
    this.#links.set(bridgeId, linked);
    this.newest = socket;
    socket.on("message", (data) => {
      if (data.toString() === pingText) linked.heardAt = Date.now();
    });
    socket.on("close", (code) => this.#left(linked, code));
    this.#settle(withoutForerunners(this.#standing, linked), linked);
  }

  drain(socket: WebSocket): void {
    const linked = [...this.#links.values()].find((each) => each.socket === socket);
    if (linked === undefined) return;
    linked.isDraining = true;
    this.#settle(withoutBridge(this.#standing, linked.bridgeId));
  }

  /** Closes the newest link as the cluster does when a bridge that cannot share has said hello. */
  supersede(): void {
    const linked = [...this.#links.values()].find(({ socket }) => socket === this.newest);
    this.newest = null;
    if (linked === undefined) return;
    linked.socket.close(closes.superseded.code, closes.superseded.reason);
    this.#links.delete(linked.bridgeId);
    this.#settle(withoutBridge(this.#standing, linked.bridgeId));
  }

  send(message: ClusterMessage): void {
    for (const { socket } of this.#links.values()) socket.send(JSON.stringify(message));
  }

  ask(message: Extract<ClusterMessage, { type: "ask" }>): void {
    const owner = bridgeOf(message.question.environment_id, this.bridges);
    const link = this.#links.get(owner ?? "")?.socket ?? this.newest;
    link?.send(JSON.stringify(message));
  }

  find(terminal: string): Assignment | undefined {
    return this.#wants.get(terminal);
  }

  /** Wants it, under a new assignment. */
  want(terminal: string): void {
    this.#assign(terminal, this.#ownerOf(terminal));
    this.#tellAll();
  }

  unwant(terminal: string): void {
    this.#wants.delete(terminal);
    this.#tellAll();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #left(linked: Linked, code: number): void {
    if (this.#links.get(linked.bridgeId) !== linked) return;
    this.#links.delete(linked.bridgeId);
    const hasEnded = code === closes.finished.code;
    this.#settle(hasEnded ? withoutBridge(this.#standing, linked.bridgeId) : this.#standing);
  }

  #settle(before: Standing, newcomer?: Linked): void {
    const now = Date.now();
    let standing = before;
    for (const linked of [...this.#links.values()]) {
      if (now - linked.heardAt <= timing.linkSilentAfterMs) continue;
      this.#links.delete(linked.bridgeId);
      linked.socket.close(closes.silent.code, closes.silent.reason);
      standing = withoutBridge(standing, linked.bridgeId);
    }
    const present = [...this.#links.values()].filter(({ isDraining }) => !isDraining);
    const settled = settle(standing, present, now);
    const isSame = isSameDuty(this.#standing, settled.standing);
    this.#standing = settled.standing;
    clearTimeout(this.#timer);
    if (settled.lookAt !== null)
      this.#timer = setTimeout(() => this.#settle(this.#standing), Math.max(0, settled.lookAt - now)).unref();
    if (!isSame) this.#reassign();
    if (!isSame) this.#tellAll();
    else if (newcomer !== undefined) this.#tell(newcomer);
  }

  #reassign(): void {
    if (this.bridges.length === 0) return;
    for (const { terminal, bridge } of [...this.#wants.values()]) {
      const owner = this.#ownerOf(terminal);
      if (owner !== bridge) this.#assign(terminal, owner);
    }
  }

  #ownerOf(terminal: string): string | null {
    return bridgeOf(parseTerminalId(terminal).environmentId, this.bridges);
  }

  #assign(terminal: string, bridge: string | null): void {
    this.#assigned += 1;
    const secret = `secret-${this.#assigned}-0123456789`;
    this.#wants.set(terminal, { terminal, assignment: this.#assigned, secret, bridge });
  }

  #tellAll(): void {
    for (const linked of this.#links.values()) this.#tell(linked);
  }

  #tell({ socket, bridgeId }: Linked): void {
    const own = [...this.#wants.values()].filter(({ bridge }) => bridge === bridgeId);
    const terminals = own.map(({ terminal, assignment, secret }) => ({ terminal, assignment, secret }));
    const messages: ClusterMessage[] = [
      { type: "duties", lease: this.leader === bridgeId, bridges: this.bridges },
      { type: "want", terminals },
    ];
    for (const message of messages) socket.send(JSON.stringify(message));
  }
}
