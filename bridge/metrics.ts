/** What a bridge counts and measures of itself, as Prometheus' text. Numbers only: no id of an environment or a person. */
import type { ObservedEnvironment } from "../durable-objects/protocol/bridge-api.ts";
import {
  bucketOf,
  expositionText,
  type Family,
  histogramSamples,
  type Sample,
} from "../durable-objects/protocol/exposition.ts";
import type { LoopMeter } from "./reconcile/loop.ts";

const bounds = [0.01, 0.1, 1, 10, 60, 120];

/** Durations by outcome. */
class Histogram {
  readonly #sets = new Map<string, { labels: Sample["labels"]; counts: number[]; sum: number }>();

  observe(labels: Sample["labels"], seconds: number): void {
    const id = Object.values(labels).join("\t");
    const set = this.#sets.get(id) ?? { labels, counts: [], sum: 0 };
    this.#sets.set(id, set);
    const bucket = bucketOf(bounds, seconds);
    set.counts[bucket] = (set.counts[bucket] ?? 0) + 1;
    set.sum += seconds;
  }

  samples(): Sample[] {
    return [...this.#sets.values()].flatMap((set) => histogramSamples(set.labels, bounds, set));
  }
}

/** What is asked at each scrape. */
export interface BridgeReadings {
  isConnected: boolean;
  hasLease: boolean;
  /** Data sockets that are wanted, by kind, and whether they are open. */
  terminals: { wanted: number; open: number };
}

export class BridgeMetrics implements LoopMeter {
  readonly #turns = new Histogram();
  readonly #steps = new Histogram();
  readonly #failures = new Map<string, number>([
    ["pull", 0],
    ["report", 0],
    ["telemetry", 0],
  ]);
  readonly #relayedBytes = { in: 0, out: 0 };
  #phases = new Map<string, number>();
  #links = 0;

  observed(environments: readonly ObservedEnvironment[]): void {
    this.#phases = new Map();
    for (const { phase } of environments) this.#phases.set(phase, (this.#phases.get(phase) ?? 0) + 1);
  }

  turned(seconds: number, isOk: boolean): void {
    this.#turns.observe({ outcome: outcomeOf(isOk) }, seconds);
  }

  stepped(action: string, seconds: number, isOk: boolean): void {
    this.#steps.observe({ action, outcome: outcomeOf(isOk) }, seconds);
  }

  failed(what: "pull" | "report" | "telemetry"): void {
    this.#failures.set(what, (this.#failures.get(what) ?? 0) + 1);
  }

  /** Bytes of frames on data sockets: `in` from the edge, `out` to it. */
  relayed(direction: "in" | "out", bytes: number): void {
    this.#relayedBytes[direction] += bytes;
  }

  linked(): void {
    this.#links += 1;
  }

  text(readings: BridgeReadings): string {
    return expositionText([...this.#ownFamilies(readings), ...this.#workFamilies(), ...processFamilies()]);
  }

  #ownFamilies({ isConnected, hasLease, terminals }: BridgeReadings): Family[] {
    const phases = [...this.#phases].map(([phase, value]) => ({ labels: { phase }, value }));
    const relayed = Object.entries(this.#relayedBytes).map(([direction, value]) => ({ labels: { direction }, value }));
    return [
      gauge("devpocket_bridge_environments", "Environments here by phase, as last observed.", phases),
      gauge("devpocket_bridge_link_up", "Whether the control link is up.", Number(isConnected)),
      gauge("devpocket_bridge_lease_held", "Whether this bridge runs the reconcile loop.", Number(hasLease)),
      counter("devpocket_bridge_links_total", "Control links that were established.", this.#links),
      gauge("devpocket_bridge_terminals_wanted", "Terminals and logs that somebody watches.", terminals.wanted),
      gauge("devpocket_bridge_terminals_open", "Data sockets that are open for them.", terminals.open),
      counter("devpocket_bridge_relayed_bytes_total", "Bytes of frames from (in) and to (out) the edge.", relayed),
    ];
  }

  #workFamilies(): Family[] {
    const failures = [...this.#failures].map(([what, value]) => ({ labels: { what }, value }));
    return [
      histogram("devpocket_bridge_reconcile_duration_seconds", "One look: pull, observe, plan.", this.#turns),
      histogram("devpocket_bridge_step_duration_seconds", "One step of a plan, by kind and outcome.", this.#steps),
      counter("devpocket_bridge_failures_total", "Calls to the edge that failed and are tried again.", failures),
    ];
  }
}

function processFamilies(): Family[] {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const startedAt = Date.now() / 1000 - process.uptime();
  return [
    gauge("process_resident_memory_bytes", "Memory of this process.", rss),
    gauge("nodejs_heap_size_used_bytes", "Of that, what JavaScript uses.", heapUsed),
    counter("process_cpu_seconds_total", "Processor time of this process.", (user + system) / 1e6),
    gauge("process_start_time_seconds", "When this process began, in Unix seconds.", startedAt),
  ];
}

function outcomeOf(isOk: boolean): string {
  return isOk ? "ok" : "failed";
}

function gauge(name: string, help: string, value: number | readonly Sample[]): Family {
  return { name, help, type: "gauge", samples: samplesOf(value) };
}

function counter(name: string, help: string, value: number | readonly Sample[]): Family {
  return { name, help, type: "counter", samples: samplesOf(value) };
}

function histogram(name: string, help: string, durations: Histogram): Family {
  return { name, help, type: "histogram", samples: durations.samples() };
}

function samplesOf(value: number | readonly Sample[]): readonly Sample[] {
  return typeof value === "number" ? [{ labels: {}, value }] : value;
}
