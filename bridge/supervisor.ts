/** Puts the bridge together: runtime, reconcile loop, control link, relays; and takes it apart again. */
import type { ClusterMessage } from "../durable-objects/protocol/bridge-link.ts";
import { bridgeOf } from "../durable-objects/protocol/placement.ts";
import { timing } from "../durable-objects/protocol/timing.ts";
import { answer } from "./answers.ts";
import { EdgeClient } from "./edge-client.ts";
import { Lease, type Moment } from "./lease.ts";
import { ControlLink } from "./link.ts";
import type { Log } from "./log.ts";
import { BridgeMetrics } from "./metrics.ts";
import { ReconcileLoop } from "./reconcile/loop.ts";
import { InputLedger } from "./relay/ledger.ts";
import { Relays } from "./relay/relays.ts";
import type { Runtime } from "./runtime/runtime.ts";
import type { Edge } from "./socket.ts";
import { Transfers } from "./transfers/transfers.ts";

export interface SupervisorOptions {
  runtime: Runtime;
  edge: Edge;
  version: string;
  /** The place this process runs in, of which there is one process at a time; left out where that is not known. */
  instance?: string | undefined;
  log: Log;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #metrics = new BridgeMetrics();
  readonly #lease = new Lease({ onGained: () => this.#lead(), onLost: () => this.#cease() });
  readonly #relays: Relays;
  readonly #transfers: Transfers;
  readonly #loop: ReconcileLoop;
  readonly #link: ControlLink;
  /** Who shares the environments, as the cluster said last. */
  #bridges: string[] = [];
  #isStopped = false;
  /** What keeps it from its work, as the cluster was told. */
  #trouble: string | null = null;

  constructor(options: SupervisorOptions) {
    const { runtime, edge, version, instance, log } = options;
    this.#options = options;
    const isOurs = (environmentId: string) => bridgeOf(environmentId, this.#bridges) === edge.bridgeId;
    const lease = this.#lease;
    const part = {
      isOurs,
      get isCertain() {
        return lease.isInTouch;
      },
    };
    const onRelayed = (direction: "in" | "out", bytes: number) => this.#metrics.relayed(direction, bytes);
    this.#relays = new Relays(edge, { runtime, ledger: new InputLedger(edge.bridgeId), log }, part, onRelayed);
    this.#transfers = new Transfers(edge, runtime, log);
    this.#loop = new ReconcileLoop({
      runtime,
      lease,
      isOurs,
      source: new EdgeClient(edge, runtime.kind),
      onObserved: (observed) => this.#relays.observed(observed),
      lastAttended: (environmentId) => this.#relays.lastAttended(environmentId),
      onTrouble: (message) => this.#tellTrouble(message),
      log,
      meter: this.#metrics,
    });
    const events = {
      onAnswered: (sentAt: Moment) => lease.answered(sentAt),
      onConnected: () => this.#connected(),
      onMessage: (message: ClusterMessage) => this.#take(message),
      onRefused: (isReplaced: boolean) => this.#standBy(isReplaced),
    };
    this.#link = new ControlLink(edge, { version, runtime: runtime.kind, instance }, events, log);
  }

  get isConnected(): boolean {
    return this.#link.isConnected;
  }

  /** What this bridge does, as Prometheus' text. */
  metricsText(): string {
    const { counts: terminals } = this.#relays;
    return this.#metrics.text({ isConnected: this.isConnected, hasLease: this.#lease.isHeld, terminals });
  }

  /** What runs already is known before anybody asks for it, so that a new bridge shows what the old one did. */
  async start(): Promise<void> {
    try {
      this.#relays.observed(await this.#options.runtime.observe());
    } catch (error) {
      this.#options.log("warn", "nothing could be observed yet", { error: String(error) });
    }
    if (this.#isStopped) return;
    this.#loop.start();
    this.#link.start();
  }

  /** Hands its terminals to other bridges, if there are any, and lets go of everything; environments keep running. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#loop.stop();
    this.#lease.grant(false);
    if (this.#hasOthers && this.isConnected) {
      this.#options.log("info", "bridge drains", {});
      this.#link.send({ type: "draining" });
      await Promise.all([this.#relays.emptied(timing.drainMs), this.#transfers.emptied(timing.drainMs)]);
    }
    this.#relays.close();
    this.#transfers.close();
    this.#link.stop();
    await this.#options.runtime.close();
  }

  get #hasOthers(): boolean {
    return this.#bridges.some((id) => id !== this.#options.edge.bridgeId);
  }

  #tellTrouble(message: string | null): void {
    if (message === this.#trouble) return;
    this.#trouble = message;
    this.#link.send({ type: "trouble", message });
  }

  #connected(): void {
    this.#metrics.linked();
    if (this.#trouble !== null) this.#link.send({ type: "trouble", message: this.#trouble });
    this.#loop.connected();
  }

  #lead(): void {
    this.#options.log("info", "bridge leads", {});
    this.#loop.lead();
  }

  #cease(): void {
    this.#options.log("warn", "bridge leads no more", {});
    this.#loop.cease();
  }

  /** What nobody else serves is kept, for it may be ours again. */
  #standBy(isReplaced: boolean): void {
    this.#lease.grant(false);
    if (!isReplaced) return;
    this.#bridges = [];
    this.#relays.standBy();
  }

  #take(message: ClusterMessage): void {
    switch (message.type) {
      case "duties":
        this.#bridges = message.bridges;
        this.#lease.grant(message.lease);
        this.#relays.placed();
        return;
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
