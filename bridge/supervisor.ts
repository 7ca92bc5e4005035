/** Puts the bridge together: runtime, reconcile loop, control link, relays; and takes it apart again. */
import type { ClusterMessage } from "../durable-objects/protocol/bridge-link.ts";
import { answer } from "./answers.ts";
import { EdgeClient } from "./edge-client.ts";
import { ControlLink } from "./link.ts";
import type { Log } from "./log.ts";
import { BridgeMetrics } from "./metrics.ts";
import { ReconcileLoop } from "./reconcile/loop.ts";
import { InputLedger } from "./relay/ledger.ts";
import { Relays } from "./relay/relays.ts";
import type { Runtime } from "./runtime/runtime.ts";
import type { Edge } from "./socket.ts";
import { Transfers } from "./transfers.ts";

export interface SupervisorOptions {
  runtime: Runtime;
  edge: Edge;
  version: string;
  log: Log;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #metrics = new BridgeMetrics();
  readonly #relays: Relays;
  readonly #transfers: Transfers;
  readonly #loop: ReconcileLoop;
  readonly #link: ControlLink;

  constructor(options: SupervisorOptions) {
    const { runtime, edge, version, log } = options;
    this.#options = options;
    const onRelayed = (direction: "in" | "out", bytes: number) => this.#metrics.relayed(direction, bytes);
    this.#relays = new Relays(edge, { runtime, ledger: new InputLedger(edge.bridgeId), log }, onRelayed);
    this.#transfers = new Transfers(edge, runtime, log);
    this.#loop = new ReconcileLoop({
      runtime,
      source: new EdgeClient(edge, runtime.kind),
      onObserved: (observed) => this.#relays.observed(observed),
      lastAttended: (environmentId) => this.#relays.lastAttended(environmentId),
      log,
      meter: this.#metrics,
    });
    const events = {
      onConnected: () => this.#connected(),
      onMessage: (message: ClusterMessage) => this.#take(message),
      onSuperseded: () => this.#standBy(),
    };
    this.#link = new ControlLink(edge, { version, runtime: runtime.kind }, events, log);
  }

  get isConnected(): boolean {
    return this.#link.isConnected;
  }

  /** What this bridge does, as Prometheus' text. */
  metricsText(): string {
    return this.#metrics.text({ isConnected: this.isConnected, terminals: this.#relays.counts });
  }

  /** What runs already is attached before anybody asks for it, so that a new bridge shows what the old one did. */
  async start(): Promise<void> {
    this.#relays.observed(await this.#options.runtime.observe());
    this.#loop.start();
    this.#link.start();
  }

  /** Lets go of everything; environments keep running. */
  async stop(): Promise<void> {
    this.#standBy();
    this.#link.stop();
    await this.#options.runtime.close();
  }

  #connected(): void {
    this.#metrics.linked();
    this.#loop.connected();
  }

  #standBy(): void {
    this.#loop.stop();
    this.#relays.close();
    this.#transfers.close();
  }

  #take(message: ClusterMessage): void {
    switch (message.type) {
      case "changed":
        this.#options.log("debug", "desired list changed", { request_id: message.request_id });
        this.#loop.pull(message.request_id);
        return;
      case "want":
        this.#relays.want(message.terminals);
        return;
      case "ask":
        void this.#answer(message);
        return;
      case "transfer":
        void this.#transfers.carry(message);
        return;
    }
  }

  async #answer(ask: Extract<ClusterMessage, { type: "ask" }>): Promise<void> {
    const detail = {
      request_id: ask.request_id,
      environment_id: ask.question.environment_id,
      question: ask.question.kind,
    };
    try {
      this.#link.send({ type: "answer", id: ask.id, result: await answer(this.#options.runtime, ask.question) });
      this.#options.log("debug", "question answered", detail);
    } catch (error) {
      const result = { kind: "failed", code: "unavailable", message: "The bridge could not tell" } as const;
      this.#link.send({ type: "answer", id: ask.id, result });
      this.#options.log("error", "question failed", { ...detail, error: String(error) });
    }
  }
}
