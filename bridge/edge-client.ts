/** The edge's HTTP side as the reconcile loop needs it: pull with an ETag, report, telemetry; each with a deadline. */
import {
  bridgePaths,
  type DesiredEnvironment,
  desiredListSchema,
  type ObservedEnvironment,
  type Telemetry,
} from "../durable-objects/protocol/bridge-api.ts";
import { bridgeIdHeader } from "../durable-objects/protocol/bridge-link.ts";
import type { DesiredSource } from "./reconcile/loop.ts";
import type { Edge } from "./socket.ts";

const deadlineMs = 15_000;
const maxSamplesAtOnce = 1_000;

export class EdgeClient implements DesiredSource {
  readonly #edge: Edge;
  readonly #runtimeKind: string;
  #etag: string | null = null;

  constructor(edge: Edge, runtimeKind: string) {
    this.#edge = edge;
    this.#runtimeKind = runtimeKind;
  }

  async pull(): Promise<DesiredEnvironment[] | null> {
    const headers: Record<string, string> = this.#etag === null ? {} : { "if-none-match": this.#etag };
    const response = await this.#fetch(bridgePaths.desired, { headers });
    if (response.status === 304) return null;
    const list = desiredListSchema.parse(await response.json());
    this.#etag = response.headers.get("etag");
    return list.environments;
  }

  forget(): void {
    this.#etag = null;
  }

  async report(observed: ObservedEnvironment[]): Promise<void> {
    await this.#post(bridgePaths.report, { bridge_id: this.#edge.bridgeId, runtime: this.#runtimeKind, observed });
  }

  /** In parts: a whole cluster's would be one very large statement. */
  async telemetry(samples: Telemetry["samples"]): Promise<void> {
    for (let begin = 0; begin < samples.length; begin += maxSamplesAtOnce) {
      const part = samples.slice(begin, begin + maxSamplesAtOnce);
      await this.#post(bridgePaths.telemetry, { bridge_id: this.#edge.bridgeId, samples: part });
    }
  }

  async #post(path: string, body: object): Promise<void> {
    const response = await this.#fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    await response.body?.cancel();
  }

  /** Rejects for every status but 2xx and 304; what the edge says in an error body stays out of the message. */
  async #fetch(path: string, init: { method?: string; headers: Record<string, string>; body?: string }) {
    const response = await fetch(new URL(path, this.#edge.url), {
      ...init,
      headers: {
        ...init.headers,
        authorization: `Bearer ${this.#edge.token}`,
        [bridgeIdHeader]: this.#edge.bridgeId,
      },
      signal: AbortSignal.timeout(deadlineMs),
    });
    if (response.ok || response.status === 304) return response;
    await response.body?.cancel();
    throw new Error(`${init.method ?? "GET"} ${path} answered ${response.status}`);
  }
}
