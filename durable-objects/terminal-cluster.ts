/**
 * What a terminal says to its cluster, in two lines of calls. In each they are made one after the other, so that want and unwant
 * cannot overtake each other. Wishes for control are a line of their own, for they may wait until a bridge is wanted
 * and has come.
 */
import type { ClusterRpc } from "./protocol/objects.ts";
import type { Effect, RoomEvent } from "./terminal/events.ts";

/** What a room wants of its cluster. */
export type ClusterEffect = Extract<Effect, { kind: "want" | "unwant" | "ask_control" | "holder_left" }>;

export interface ClusterEvents {
  /** The cluster has answered. */
  onAnswer(answer: Extract<RoomEvent, { kind: "wanted" | "control_answered" }>): void;
  /** It could not be told something. */
  onFailure(error: unknown): void;
}

export class TerminalCluster {
  readonly #ctx: DurableObjectState;
  readonly #env: Pick<ObjectsEnv, "CLUSTERS">;
  readonly #events: ClusterEvents;
  readonly #lines = { presence: Promise.resolve(), wishes: Promise.resolve() };

  constructor(ctx: DurableObjectState, env: Pick<ObjectsEnv, "CLUSTERS">, events: ClusterEvents) {
    this.#ctx = ctx;
    this.#env = env;
    this.#events = events;
  }

  /** Says it after what was said before; the object stays awake until it was. */
  tell(terminal: string, effect: ClusterEffect): void {
    const line = effect.kind === "ask_control" ? "wishes" : "presence";
    this.#lines[line] = this.#lines[line]
      .then(() => this.#say(terminal, effect, this.#env.CLUSTERS.getByName(effect.clusterId)))
      .catch((error: unknown) => this.#events.onFailure(error));
    this.#ctx.waitUntil(this.#lines[line]);
  }

  async #say(terminal: string, effect: ClusterEffect, cluster: ClusterRpc): Promise<void> {
    switch (effect.kind) {
      case "want":
        this.#events.onAnswer({ kind: "wanted", isLinked: await cluster.want(terminal, effect.isRepeated) });
        return;
      case "unwant":
        return cluster.unwant(terminal);
      case "holder_left":
        return cluster.holderLeft(terminal, effect.userId, effect.isForGood);
      case "ask_control":
        return this.#askControl(terminal, effect, cluster);
    }
  }

  /** Whoever wished for it is answered in any case. */
  async #askControl(
    terminal: string,
    { id, wish }: Extract<ClusterEffect, { kind: "ask_control" }>,
    cluster: ClusterRpc,
  ): Promise<void> {
    const answer = { kind: "control_answered", id, action: wish.action } as const;
    try {
      this.#events.onAnswer({ ...answer, control: await cluster.askControl(terminal, wish) });
    } catch (error) {
      this.#events.onAnswer({ ...answer, control: null });
      throw error;
    }
  }
}
