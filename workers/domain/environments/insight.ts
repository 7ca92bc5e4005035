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
  const from = new Date(deps.now().getTime() - asked.rangeSeconds * 1000);
  const [current, history] = await Promise.all([
    hasShell(row.phase) ? askReadings(deps, row) : noReadings(deps, "not_running"),
    readHistory(deps.db, row.id, from, stepSeconds),
  ]);
  return { row, current, history, stepSeconds };
}

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
