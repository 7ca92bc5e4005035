/** A bridge as the Worker sees one: it pulls what is desired and reports facts, over HTTP, with its cluster's token. */
import { setTimeout as pause } from "node:timers/promises";
import type {
  DesiredEnvironment,
  DesiredList,
  ObservedEnvironment,
} from "../../../durable-objects/protocol/bridge-api.ts";
import { type Answer, api } from "./world.ts";

const reached = { running: "running", stopped: "stopped", deleted: "gone" } as const;

/** An environment seen in the state that is desired of it. */
export function seenAsDesired(desired: DesiredEnvironment): ObservedEnvironment {
  return {
    environment_id: desired.id,
    generation: desired.generation,
    phase: reached[desired.desired],
    status_message: null,
    reason: null,
    installation_completed: desired.desired === "running",
  };
}

export class FakeBridge {
  readonly #token: string;
  constructor(cluster: { token: string }) {
    this.#token = cluster.token;
  }

  pull(headers: Record<string, string> = {}): Promise<Answer<DesiredList>> {
    return api<DesiredList>("GET", "/api/v1/bridge/desired", { token: this.#token, headers });
  }

  report(observed: ObservedEnvironment[]): Promise<Answer<{ revision: string }>> {
    const body = { bridge_id: "fake-bridge", runtime: "local", observed };
    return api<{ revision: string }>("POST", "/api/v1/bridge/report", { token: this.#token, body });
  }

  telemetry(samples: unknown[]): Promise<Answer<null>> {
    const body = { bridge_id: "fake-bridge", samples };
    return api<null>("POST", "/api/v1/bridge/telemetry", { token: this.#token, body });
  }

  /** Makes true whatever is desired now, and says so. */
  async obey(): Promise<DesiredEnvironment[]> {
    const { body } = await this.pull();
    await this.report(body.environments.map(seenAsDesired));
    return body.environments;
  }

  /** Goes on obeying until a request that waits for it is answered. */
  async serve<Result>(request: Promise<Result>): Promise<Result> {
    const state = { isOver: false };
    const over = request.finally(() => {
      state.isOver = true;
    });
    while (!state.isOver) {
      await this.obey();
      await Promise.race([over, pause(20)]);
    }
    return over;
  }
}
