/**
 * The control link: one socket to the cluster's object, dialled again for ever. It carries `duties`, `want`, `changed`, `ask`
 * and `transfer` in, hello and answers out; what they mean is decided by whoever listens.
 */
import { bridgePaths } from "../durable-objects/protocol/bridge-api.ts";
import {
  type BridgeMessage,
  type ClusterMessage,
  clusterMessageSchema,
} from "../durable-objects/protocol/bridge-link.ts";
import { closes, mayRetry } from "../durable-objects/protocol/closes.ts";
import { timing } from "../durable-objects/protocol/timing.ts";
import { Backoff } from "./backoff.ts";
import { type Moment, thisMoment } from "./lease.ts";
import type { Log } from "./log.ts";
import { parseJson } from "./runtime/parse-json.ts";
import { type Edge, EdgeSocket, type Pace } from "./socket.ts";

const pace: Pace = { pingEveryMs: timing.linkPingEveryMs, silentAfterMs: timing.linkSilentAfterMs };
/** After a refusal that dialling again cannot help, e.g. a revoked token: somebody may still put it right. */
const refusedRetryMs = 60_000;
const refusedStatuses = [401, 403, 426];

export interface LinkEvents {
  /** A sign of ours that was sent then was answered. */
  onAnswered(sentAt: Moment): void;
  onConnected(): void;
  onMessage(message: ClusterMessage): void;
  /** This bridge is to do nothing for now; the link is dialled again. `isReplaced`: another one does all of it. */
  onRefused(isReplaced: boolean): void;
}

/** What a bridge says of itself. */
export type Introduction = Pick<Extract<BridgeMessage, { type: "hello" }>, "version" | "runtime" | "instance">;

export class ControlLink {
  readonly #edge: Edge;
  readonly #events: LinkEvents;
  readonly #hello: Extract<BridgeMessage, { type: "hello" }>;
  readonly #log: Log;
  readonly #backoff = new Backoff();
  #socket: EdgeSocket | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;
  #isConnected = false;
  #greetedAt = thisMoment();

  constructor(edge: Edge, introduction: Introduction, events: LinkEvents, log: Log) {
    this.#edge = edge;
    this.#hello = { type: "hello", bridge_id: edge.bridgeId, shares: true, ...introduction };
    this.#events = events;
    this.#log = log;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  start(): void {
    this.#socket = new EdgeSocket(
      this.#edge,
      bridgePaths.link,
      {},
      {
        onOpen: () => this.#opened(),
        onText: (text) => this.#take(text),
        onAnswered: (sentAt) => this.#events.onAnswered(sentAt),
        onClose: (code, reason) => this.#lost(code, reason),
      },
      pace,
    );
  }

  send(message: BridgeMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #opened(): void {
    this.#greetedAt = thisMoment();
    this.send(this.#hello);
  }

  /** The first word (our duties) shows that we were welcome. */
  #take(text: string): void {
    const message = clusterMessageSchema.safeParse(parseJson(text));
    if (!message.success) {
      this.#log("warn", "link message not understood", {});
      return;
    }
    if (!this.#isConnected) {
      this.#isConnected = true;
      this.#backoff.reset();
      this.#log("info", "link connected", { bridge_id: this.#edge.bridgeId });
      this.#events.onAnswered(this.#greetedAt);
      this.#events.onConnected();
    }
    this.#events.onMessage(message.data);
  }

  #lost(code: number, reason: string): void {
    const wasConnected = this.#isConnected;
    this.#isConnected = false;
    this.#socket = null;
    if (this.#isStopped) return;
    const isReplaced = code === closes.superseded.code;
    const isRefused = refusedStatuses.includes(code) || !mayRetry(code);
    const waitMs = isRefused ? refusedRetryMs : this.#backoff.next();
    if (isRefused) this.#events.onRefused(isReplaced);
    const level = wasConnected || isRefused ? "warn" : "debug";
    this.#log(level, isReplaced ? "link superseded; standing by" : isRefused ? "link refused" : "link lost", {
      close_code: code,
      reason,
      retry_ms: Math.round(waitMs),
    });
    this.#timer = setTimeout(() => this.start(), waitMs);
  }
}
