/** Use case: everything a scraper reads: the counts of all isolates, the objects' own, and one query about what is now. */
import { expositionText, type Family } from "../../durable-objects/protocol/exposition.ts";
import type { ClosedSockets } from "../../durable-objects/protocol/objects.ts";
import { readCounts } from "../clients/counts.ts";
import { Failed, failureIn, rootCause } from "../rules/failures.ts";
import { countedFamilies } from "../rules/meter.ts";
import { type GaugeRow, readGauges } from "../store/gauges.ts";
import type { Deps } from "./deps.ts";

/** A bridge that was not seen for a day has no link worth asking for; asking wakes its object. */
const askedSeconds = 86_400;
const maxAsked = 100;
const retryAfterSeconds = 15;

/** Fails as `unavailable` when Redis, the database or the meter do not answer: half the numbers would look like a drop. */
export async function readMetrics(deps: Deps): Promise<string> {
  const asked = [allCounts(deps), readGauges(deps.db, deps.now()), closedFamily(deps)] as const;
  const [counts, rows, closed] = await Promise.all(asked);
  return expositionText([...countedFamilies(counts), closed, ...gaugeFamilies(rows), await linkFamily(deps, rows)]);
}

/** Lets what was counted be sent after the answer. Nobody waits for it, and a Redis that is down costs nobody anything. */
export function sendCounts(deps: Deps): void {
  const sending = deps.gathering.flushLater();
  if (sending === null) return;
  deps.waitUntil(
    sending.catch((error: unknown) => deps.log("warn", "counts were not sent", { error: rootCause(error).message })),
  );
}

/** What this isolate has gathered is in it. */
async function allCounts(deps: Deps): Promise<Record<string, number>> {
  try {
    await deps.gathering.flush();
    return await readCounts(deps.redis);
  } catch (cause) {
    if (failureIn(cause) !== null) throw cause;
    throw new Failed({ kind: "unavailable", dependency: "redis", retryAfterSeconds }, { cause });
  }
}

/** Only objects see sockets close; what they counted is theirs. */
async function closedFamily(deps: Deps): Promise<Family> {
  const sampleOf = ({ kind, code, count }: ClosedSockets) => ({ labels: { kind, code }, value: count });
  const closed = await deps.objects.meter().closedSockets().catch(meterIsAway);
  return {
    name: "devpocket_sockets_closed_total",
    help: "Sockets closed, by kind and close code. A deploy of the objects cuts sockets without anybody seeing a close.",
    type: "counter",
    samples: closed.map(sampleOf),
  };
}

function meterIsAway(cause: unknown): never {
  throw new Failed({ kind: "unavailable", dependency: "meter", retryAfterSeconds }, { cause });
}

function gaugeFamilies(rows: readonly GaugeRow[]): Family[] {
  const samplesOf = (gauge: GaugeRow["gauge"], labelsOf: (row: GaugeRow) => Record<string, string>) =>
    rows.filter((row) => row.gauge === gauge).map((row) => ({ labels: labelsOf(row), value: row.value }));
  return [
    {
      name: "devpocket_environments",
      help: "Environments by phase and cluster.",
      type: "gauge",
      samples: samplesOf("environments", ({ first, second }) => ({ phase: first, cluster: second })),
    },
    {
      name: "devpocket_users",
      help: "Accounts by plan, active or disabled.",
      type: "gauge",
      samples: samplesOf("users", ({ first, second }) => ({ plan: first, state: second })),
    },
    {
      name: "devpocket_bridge_last_seen_timestamp_seconds",
      help: "When a cluster's bridge last reported, in Unix seconds; 0 = never.",
      type: "gauge",
      samples: samplesOf("cluster", ({ first }) => ({ cluster: first })),
    },
  ];
}

/** Only the clusters' objects know who holds a link; one that does not answer is left out. */
async function linkFamily(deps: Deps, rows: readonly GaugeRow[]): Promise<Family> {
  const since = deps.now().getTime() / 1000 - askedSeconds;
  const clusters = rows.filter(({ gauge, value }) => gauge === "cluster" && value > since).slice(0, maxAsked);
  const links = await Promise.allSettled(clusters.map(({ first }) => deps.objects.cluster(first).isLinked()));
  const samples = links.flatMap((link, index) => {
    const cluster = clusters[index]?.first ?? "";
    return link.status === "fulfilled" ? [{ labels: { cluster }, value: Number(link.value) }] : [];
  });
  return {
    name: "devpocket_bridge_linked",
    help: "Whether a cluster's bridge holds its control link, of those seen within a day.",
    type: "gauge",
    samples,
  };
}
