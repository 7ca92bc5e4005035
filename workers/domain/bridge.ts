/**
 * What a cluster's bridge asks and tells: the list of what should be there, the facts it sees, the readings it
 * took. A bridge only ever reaches the environments of its own cluster.
 */
import type { DesiredEnvironment, DesiredList, Report, Telemetry } from "../../durable-objects/protocol/bridge-api.ts";
import { Failed, rootCause } from "../rules/failures.ts";
import { workingCpuPercent } from "../rules/idle.ts";
import { observe, observeAbsence } from "../rules/observations.ts";
import { largestOf } from "../rules/plans.ts";
import { isSecret } from "../rules/secrets.ts";
import { hashOf } from "../rules/tokens.ts";
import { findBridgeToken, noteTokenUse } from "../store/catalog/bridge-tokens.ts";
import {
  type DesiredRow,
  type LifecycleRow,
  listDesired,
  listMovable,
  noteBridge,
} from "../store/environments/cluster-view.ts";
import { recordSamples, type Sample } from "../store/environments/samples.ts";
import type { Deps } from "./deps.ts";
import { applyMoves } from "./environments/settle.ts";
import { openedVariables } from "./environments/view.ts";

/** Which cluster a bridge may speak for, and where what is desired there stands. */
export interface BridgeIdentity {
  tokenId: string;
  clusterId: string;
  revision: number;
}

/** When a token was shown is kept this exactly, so that a bridge's many requests do not become writes. */
const tokenUseKeptMs = 5 * 60_000;

/** The cluster a bridge token stands for, or null when it is malformed, unknown or revoked. */
export async function identifyBridge(deps: Deps, token: string): Promise<BridgeIdentity | null> {
  if (!isSecret("bridgeToken", token)) return null;
  const now = deps.now();
  const found = await findBridgeToken(deps.db, hashOf(token), now);
  if (found === null) return null;
  const { lastUsedAt, ...identity } = found;
  const isStale = lastUsedAt === null || now.getTime() - lastUsedAt.getTime() >= tokenUseKeptMs;
  if (isStale) deps.waitUntil(noteTokenUse(deps.db, found.tokenId, now).catch((error) => unnoted(deps, error)));
  return identity;
}

function unnoted(deps: Deps, error: unknown): void {
  deps.log("warn", "the use of a bridge token was not noted", { error: rootCause(error).message });
}

/**
 * Everything the cluster should hold, variables opened. The revision was read before the list: the list may be
 * newer than it says and never older, so that no change is missed.
 */
export async function desiredList(deps: Deps, bridge: BridgeIdentity): Promise<DesiredList> {
  const rows = await listDesired(deps.db, bridge.clusterId);
  const environments = await Promise.all(rows.map((row) => desiredEnvironment(deps, row)));
  return { revision: String(bridge.revision), environments };
}

async function desiredEnvironment(deps: Deps, row: DesiredRow): Promise<DesiredEnvironment> {
  return {
    id: row.id,
    name: row.name,
    desired: row.desired,
    generation: row.generation,
    template_id: row.templateId,
    image: row.dockerImage,
    port: row.port,
    startup_commands: row.startupCommands,
    ...(row.needsRoot ? { needs_root: true } : {}),
    environment_variables: row.desired === "deleted" ? {} : ((await openedVariables(deps, row)) ?? {}),
    resources: {
      cpu_millicores: row.cpuMillicores,
      memory_bytes: row.memoryBytes,
      storage_bytes: row.storageBytes,
    },
    owner: { id: row.userId, max_environments: row.plan.maxEnvironments, largest: largestOf(row.plan) },
  };
}

/** Reports race with people's actions: a move that lost is decided again on the row as it is then. */
const maxAttempts = 3;

/**
 * Takes over what the bridge sees of all its environments, those it leaves out included; ids that are not of its
 * cluster are ignored. Answers the revision of what is desired, so that the bridge notices when it is behind.
 * Fails with `forbidden` for the local runtime in production: it gives strangers shells that share one machine.
 */
export async function takeReport(deps: Deps, bridge: BridgeIdentity, report: Report): Promise<{ revision: string }> {
  if (deps.config.environment === "production" && report.runtime === "local") {
    throw new Failed({ kind: "forbidden", detail: "The local runtime does not serve production" });
  }
  const now = deps.now();
  const [revision, rows] = await Promise.all([
    noteBridge(deps.db, bridge.clusterId, report.runtime, now),
    listMovable(deps.db, bridge.clusterId),
  ]);
  let undecided = rows;
  for (let attempt = 1; undecided.length > 0 && attempt <= maxAttempts; attempt += 1) {
    const lost = await applyMoves(deps, movesOf(undecided, report, now));
    undecided = lost.size === 0 ? [] : (await listMovable(deps.db, bridge.clusterId)).filter((row) => lost.has(row.id));
  }
  return { revision: String(revision) };
}

function movesOf(rows: readonly LifecycleRow[], report: Report, now: Date) {
  const seen = new Map(report.observed.map((observed) => [observed.environment_id, observed]));
  return rows.flatMap((before) => {
    const observed = seen.get(before.id);
    const after = observed === undefined ? observeAbsence(before, now) : observe(before, observed, now);
    return after === before ? [] : [{ before, after }];
  });
}

/** Keeps readings and activity. Clocks of clusters may be wrong: no time is later than ours. */
export async function takeTelemetry(deps: Deps, bridge: BridgeIdentity, telemetry: Telemetry): Promise<void> {
  const now = deps.now();
  const samples = telemetry.samples.map((sample) => toSample(sample, now));
  const [kept] = await Promise.all([
    recordSamples(deps.db, bridge.clusterId, samples, now),
    noteBridge(deps.db, bridge.clusterId, null, now),
  ]);
  if (kept < samples.length)
    deps.log("warn", "samples of unknown environments", {
      cluster_id: bridge.clusterId,
      left_out: samples.length - kept,
    });
}

function toSample(told: Telemetry["samples"][number], now: Date): Sample {
  const { readings } = told;
  return {
    environmentId: told.environment_id,
    takenAt: pastTime(readings.timestamp, now) ?? now,
    cpuUsage: readings.cpu_usage,
    memoryUsage: readings.memory_usage,
    storageUsage: readings.storage_usage,
    networkInBytes: readings.network_in === null ? null : Math.round(readings.network_in),
    networkOutBytes: readings.network_out === null ? null : Math.round(readings.network_out),
    uptimeSeconds: readings.uptime === null ? null : Math.round(readings.uptime),
    lastActivityAt: told.last_activity === null ? null : pastTime(told.last_activity, now),
    attendedAt: agedTime(told.last_attended, told, now),
    workedAt: (readings.cpu_usage ?? 0) > workingCpuPercent ? now : agedTime(told.last_work, told, now),
  };
}

/** Older than this is told as this: no column keeps every time that can be written. */
const maxAgeMs = 366 * 86_400_000;

/**
 * A time of the bridge's clock by ours: as long before now as it was before the readings. A bridge that does not tell
 * it knows only one kind of activity.
 */
function agedTime(
  text: string | null | undefined,
  { readings, last_activity }: Telemetry["samples"][number],
  now: Date,
): Date | null {
  const ageMs = Date.parse(readings.timestamp) - Date.parse(text === undefined ? (last_activity ?? "") : (text ?? ""));
  return Number.isNaN(ageMs) ? null : new Date(now.getTime() - Math.min(Math.max(0, ageMs), maxAgeMs));
}

function pastTime(text: string, now: Date): Date | null {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return null;
  return time > now ? now : time;
}
