/** metrics.k8s.io: what pods use, as metrics-server tells it; also not installed, or with its back end down. */
import type { ServerResponse } from "node:http";
import type { Asked } from "../access/authorization.ts";
import type { Kubelet } from "../kubelet/kubelet.ts";
import type { PodRunner } from "../kubelet/pod-runner.ts";
import type { Timings } from "../kubelet/timings.ts";
import { usageOf } from "../kubelet/usage.ts";
import { writeJson, writeText } from "./bodies.ts";
import { type Fields, type KubeObject, timestamp } from "./objects.ts";
import { resourceOf } from "./resources.ts";
import { selectorOf } from "./selectors.ts";
import { notFound } from "./statuses.ts";
import type { Store } from "./store.ts";

const pods = resourceOf("pods");
const refused = "dial tcp 10.96.0.10:443: connect: connection refused";

export class MetricsServer {
  state: "on" | "not installed" | "down" = "on";
  readonly #store: Store;
  readonly #kubelet: Kubelet;
  /** How long it says 0 of a new pod. */
  delayMs: number;
  readonly #before = new Map<string, { atMs: number; cpuNanoseconds: number }>();

  constructor(store: Store, kubelet: Kubelet, timings: Timings) {
    this.#store = store;
    this.#kubelet = kubelet;
    this.delayMs = timings.metricsDelayMs;
  }

  serve(asked: Asked, response: ServerResponse): void {
    if (this.state === "not installed") writeText(response, 404, "404 page not found\n");
    else if (this.state === "down") writeText(response, 500, `error trying to reach service: ${refused}`);
    else writeJson(response, 200, this.#answer(asked));
  }

  #answer({ namespace, name, query }: Asked): Fields {
    if (name === undefined) {
      const selector = selectorOf(query);
      const items = this.#store
        .list(pods, namespace)
        .filter(selector)
        .flatMap((pod) => this.#of(pod) ?? []);
      return { kind: "PodMetricsList", apiVersion: "metrics.k8s.io/v1beta1", metadata: {}, items };
    }
    const pod = this.#store.get(pods, namespace, name);
    const metrics = pod === undefined ? null : this.#of(pod);
    if (metrics === null) throw notFound({ ...pods, group: "metrics.k8s.io" }, name);
    return metrics;
  }

  /** Null for a pod that does not run. */
  #of(pod: KubeObject): Fields | null {
    const { name, namespace = "", labels, creationTimestamp } = pod.metadata;
    const runner = this.#kubelet.find(namespace, name);
    if (runner === undefined) return null;
    const containers = runner.main.flatMap(({ container, sandbox }) =>
      sandbox?.isRunning === true
        ? [{ name: container.name, usage: this.#usage(runner, `${runner.uid}/${container.name}`, sandbox) }]
        : [],
    );
    if (containers.length === 0) return null;
    return {
      kind: "PodMetrics",
      apiVersion: "metrics.k8s.io/v1beta1",
      metadata: { name, namespace, labels, creationTimestamp },
      timestamp: timestamp(),
      window: "15s",
      containers,
    };
  }

  #usage(runner: PodRunner, key: string, sandbox: Parameters<typeof usageOf>[0]): Fields {
    if (Date.now() - runner.startedAt < this.delayMs) return { cpu: "0", memory: "0" };
    const { cpuNanoseconds, memoryBytes } = usageOf(sandbox);
    const now = { atMs: Date.now(), cpuNanoseconds };
    const before = this.#before.get(key) ?? { atMs: runner.startedAt, cpuNanoseconds: 0 };
    // Two readings within a moment would make a rate of noise.
    if (now.atMs - before.atMs > 500) this.#before.set(key, now);
    const cores = (now.cpuNanoseconds - before.cpuNanoseconds) / Math.max(1, now.atMs - before.atMs) / 1e6;
    return { cpu: `${Math.max(1, Math.round(cores * 1e9))}n`, memory: `${Math.ceil(memoryBytes / 1024)}Ki` };
  }
}
