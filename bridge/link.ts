/**
 * The control link: one socket to the cluster's object, dialled again for ever. It carries `changed`, `want`, `ask`
 * and `transfer` in, hello and answers out; what they mean is decided by whoever listens.
 */
import { bridgePaths } from "../durable-objects/protocol/bridge-api.ts";
import {
  type BridgeMessage,
  type ClusterMessage,
  clusterMessageSchema,
} from "../durable-objects/protocol/bridge-link.ts";
import { closes, mayRetry } from "../durable-objects/protocol/closes.ts";
import { Backoff } from "./backoff.ts";
import type { Log } from "./log.ts";
import { parseJson } from "./parse.ts";
import { type Edge, EdgeSocket } from "./socket.ts";

/** After a refusal that dialling again cannot help, e.g. a revoked token: somebody may still put it right. */
const refusedRetryMs = 60_000;
const refusedStatuses = [401, 403, 426];

export interface LinkEvents {
  onConnected(): void;
  onMessage(message: ClusterMessage): void;
  /** A newer bridge has taken over; this one is to do nothing more. */
  onSuperseded(): void;
}

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

  constructor(edge: Edge, hello: { version: string; runtime: string }, events: LinkEvents, log: Log) {
    this.#edge = edge;
    this.#hello = { type: "hello", bridge_id: edge.bridgeId, ...hello };
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
        onClose: (code, reason) => this.#lost(code, reason),
      },
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
    this.send(this.#hello);
  }

  /** The first word (the list of wants) shows that we were welcome. */
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
      this.#events.onConnected();
    }
    this.#events.onMessage(message.data);
  }

  #lost(code: number, reason: string): void {
    const wasConnected = this.#isConnected;
    this.#isConnected = false;
    this.#socket = null;
    if (this.#isStopped) return;
    if (code === closes.superseded.code) {
      this.#log("warn", "link superseded by a newer bridge; standing by", {});
      this.#events.onSuperseded();
      return;
    }
    const isRefused = refusedStatuses.includes(code) || !mayRetry(code);
    const waitMs = isRefused ? refusedRetryMs : this.#backoff.next();
    const level = wasConnected || isRefused ? "warn" : "debug";
    this.#log(level, isRefused ? "link refused" : "link lost", {
      close_code: code,
      reason,
      retry_ms: Math.round(waitMs),
    });
    this.#timer = setTimeout(() => this.start(), waitMs);
  }
}
