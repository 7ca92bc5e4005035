/**
 * What the Worker counts, as plain numbers by field: the metric's key and its label values, joined. Labels come from
 * closed sets (route patterns, codes of ours), so that nobody outside can make fields up. Times are whole
 * microseconds, so that every field is an integer that Redis can add.
 */
import { bucketOf, type Family, histogramSamples, type Sample } from "../../durable-objects/protocol/exposition.ts";

const counters = {
  requests: {
    name: "devpocket_http_requests_total",
    help: "Requests by method, pattern of the route and class of the status.",
    labels: ["method", "route", "status"],
  },
  errors: { name: "devpocket_errors_total", help: "Problems answered, by their code.", labels: ["code"] },
  opened: {
    name: "devpocket_sockets_opened_total",
    help: "Sockets opened: terminal and logs of people, link and data of bridges.",
    labels: ["kind"],
  },
  refused: {
    name: "devpocket_sockets_refused_total",
    help: "Upgrades accepted only to be closed, by the name of the close.",
    labels: ["close"],
  },
} as const;

const histograms = {
  request: {
    name: "devpocket_http_request_duration_seconds",
    help: "Time from a request to its answer, by method and pattern of the route.",
    labels: ["method", "route"],
    bounds: [0.005, 0.025, 0.1, 0.5, 2.5, 10],
  },
  query: {
    name: "devpocket_database_query_duration_seconds",
    help: "Time of round trips to the database: ok, refused by it (a constraint), or failed.",
    labels: ["outcome"],
    bounds: [0.002, 0.005, 0.02, 0.1, 0.5, 2],
  },
} as const;

export type CounterKey = keyof typeof counters;
export type HistogramKey = keyof typeof histograms;
export type Deltas = Map<string, number>;

const separator = "\t";
const microseconds = 1_000_000;
/** Far above what our labels can make; a mistake must not fill the memory of an isolate. */
const maxFields = 20_000;

/** Gathers counts until they are taken. */
export class Meter {
  #deltas: Deltas = new Map();

  count(key: CounterKey, ...labels: string[]): void {
    this.#add([key, ...labels].join(separator), 1);
  }

  /** Notes how long something took, in seconds. */
  observe(key: HistogramKey, seconds: number, ...labels: string[]): void {
    const field = [key, ...labels].join(separator);
    this.#add(`${field}${separator}${bucketOf(histograms[key].bounds, seconds)}`, 1);
    this.#add(`${field}${separator}sum`, Math.round(seconds * microseconds));
  }

  get isEmpty(): boolean {
    return this.#deltas.size === 0;
  }

  /** Everything since the last time. */
  take(): Deltas {
    const taken = this.#deltas;
    this.#deltas = new Map();
    return taken;
  }

  #add(field: string, by: number): void {
    const known = this.#deltas.get(field);
    if (known === undefined && this.#deltas.size >= maxFields) return;
    this.#deltas.set(field, (known ?? 0) + by);
  }
}

/** The families of all that was ever counted; fields of other versions of this file are left out. */
export function countedFamilies(counts: Readonly<Record<string, number>>): Family[] {
  const fields = Object.entries(counts)
    .map(([field, value]) => ({ words: field.split(separator), value }))
    .sort((a, b) => (a.words.join() < b.words.join() ? -1 : 1));
  const ofKey = (key: string, length: number) =>
    fields.filter(({ words }) => words[0] === key && words.length === length + 1);
  return [
    ...Object.entries(counters).map(([key, { name, help, labels }]): Family => {
      const samples = ofKey(key, labels.length).map(({ words, value }) => ({ labels: labelled(labels, words), value }));
      return { name, help, type: "counter", samples };
    }),
    ...Object.entries(histograms).map(([key, { name, help, labels, bounds }]): Family => {
      const samples = histogramsOf(ofKey(key, labels.length + 1), labels, bounds);
      return { name, help, type: "histogram", samples };
    }),
  ];
}

function histogramsOf(
  fields: readonly { words: string[]; value: number }[],
  labels: readonly string[],
  bounds: readonly number[],
): Sample[] {
  const bySet = new Map<string, { labels: Sample["labels"]; counts: number[]; sum: number }>();
  for (const { words, value } of fields) {
    const id = words.slice(0, -1).join(separator);
    const last = words.at(-1) ?? "";
    const found = bySet.get(id) ?? { labels: labelled(labels, words), counts: [], sum: 0 };
    bySet.set(id, found);
    if (last === "sum") found.sum = value / microseconds;
    else found.counts[Number(last)] = value;
  }
  return [...bySet.values()].flatMap((each) => histogramSamples(each.labels, bounds, each));
}

function labelled(names: readonly string[], words: readonly string[]): Sample["labels"] {
  return Object.fromEntries(names.map((name, index) => [name, words[index + 1] ?? ""]));
}
