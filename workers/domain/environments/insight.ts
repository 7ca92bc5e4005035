/** What only the cluster can tell: current readings and logs, asked over the control link; and the history we kept. */
import type { LogEntry, Readings } from "../../../durable-objects/protocol/bridge-link.ts";
import { hasShell } from "../../../durable-objects/protocol/vocabulary.ts";
import { Failed } from "../../rules/failures.ts";
import { phaseAt } from "../../rules/lifecycle.ts";
import type { EnvironmentRow } from "../../store/environments/find.ts";
import { type HistoryPoint, readHistory } from "../../store/environments/samples.ts";
import type { Deps } from "../deps.ts";
import { openEnvironment } from "../sharing/access.ts";
import { type Owner, ownEnvironment } from "./view.ts";

/** So many points a chart can show; a finer step is widened. */
const maxHistoryPoints = 1000;
/** A bridge tells its readings once a minute: so recent a step may have none yet. */
const toldWithinMs = 90_000;
const retryAfterSeconds = 5;

export interface Metrics {
  row: EnvironmentRow;
  current: Readings;
  history: HistoryPoint[];
  stepSeconds: number;
}

/** Current readings, null with a reason where there are none, and the history of the last `rangeSeconds`. */
export async function readMetrics(
  deps: Deps,
  owner: Owner,
  id: string,
  asked: { rangeSeconds: number; stepSeconds: number },
): Promise<Metrics> {
  const row = phaseAt(await ownEnvironment(deps, owner, id), deps.now());
  const stepSeconds = Math.max(asked.stepSeconds, Math.ceil(asked.rangeSeconds / maxHistoryPoints));
  const now = deps.now().getTime();
  const from = new Date(Math.max(now - asked.rangeSeconds * 1000, row.createdAt.getTime()));
  const [current, kept] = await Promise.all([
    hasShell(row.phase) ? askReadings(deps, row) : noReadings(deps, "not_running"),
    readHistory(deps.db, row.id, from, stepSeconds),
  ]);
  const history = withGaps(kept, { fromMs: from.getTime(), toMs: now - toldWithinMs, stepMs: stepSeconds * 1000 });
  return { row, current, history, stepSeconds };
}

/** Steps in which nothing was read are there, without readings: a chart must not join what lies around them. */
function withGaps(points: HistoryPoint[], range: { fromMs: number; toMs: number; stepMs: number }): HistoryPoint[] {
  const { fromMs, toMs, stepMs } = range;
  const kept = new Map(points.map((point) => [point.taken_at.getTime(), point]));
  for (let at = Math.ceil(fromMs / stepMs) * stepMs; at + stepMs <= toMs; at += stepMs) {
    if (!kept.has(at)) kept.set(at, { ...nothingRead, taken_at: new Date(at) });
  }
  return [...kept.values()].sort((a, b) => a.taken_at.getTime() - b.taken_at.getTime());
}

const nothingRead = { cpu_usage: null, memory_usage: null, storage_usage: null, network_in: null, network_out: null };

async function askReadings(deps: Deps, row: EnvironmentRow): Promise<Readings> {
  const question = { kind: "metrics", environment_id: row.id } as const;
  const answer = await deps.objects.cluster(row.clusterId).ask(question, deps.requestId);
  if (answer.kind === "metrics") return answer.readings;
  return noReadings(deps, answer.kind === "failed" ? answer.code : "unavailable");
}

function noReadings(deps: Deps, reason: string): Readings {
  return {
    cpu_usage: null,
    memory_usage: null,
    storage_usage: null,
    network_in: null,
    network_out: null,
    uptime: null,
    timestamp: deps.now().toISOString(),
    reason,
  };
}

/** The newest log lines, for its owner and guests. An environment of which the cluster holds nothing has none; no bridge = `unavailable`. */
export async function readLogs(
  deps: Deps,
  person: { userId: string },
  id: string,
  asked: { lines: number; since?: string | undefined },
): Promise<{ entries: LogEntry[]; hasMore: boolean }> {
  const row = await openEnvironment(deps, person, id, "read_logs");
  const since = asked.since === undefined ? {} : { since: asked.since };
  const question = { kind: "logs", environment_id: row.id, lines: asked.lines, ...since } as const;
  const answer = await deps.objects.cluster(row.clusterId).ask(question, deps.requestId);
  if (answer.kind === "logs") return { entries: answer.entries, hasMore: answer.has_more };
  if (answer.kind === "failed" && answer.code !== "unavailable") return { entries: [], hasMore: false };
  throw new Failed({ kind: "unavailable", dependency: "bridge", retryAfterSeconds });
}
