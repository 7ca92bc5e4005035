/**
 * What follows a committed change: the cluster is told to look again, viewers hear of the new phase, and a request
 * that promised to wait reads the row until the environment has settled.
 */
import type { StatusUpdate } from "../../../durable-objects/protocol/client.ts";
import { type Phase, statusOf } from "../../../durable-objects/protocol/vocabulary.ts";
import { isOnItsWay, phaseAt } from "../../rules/lifecycle.ts";
import type { EnvironmentInFull } from "../../store/environments/find.ts";
import type { Outdated } from "../../store/environments/outdated.ts";
import type { Deps } from "../deps.ts";
import { type Owner, ownEnvironment } from "./view.ts";

/** Wakes the cluster's bridges. A lost nudge costs latency only: they look by themselves, too. */
export function tellCluster(deps: Deps, clusterId: string, revision: number): void {
  const nudged = deps.objects.cluster(clusterId).nudge(String(revision), deps.requestId);
  deps.waitUntil(orLog(deps, "cluster was not nudged", clusterId, nudged));
}

/** The same of every cluster that a change concerned. */
export function tellClusters(deps: Deps, outdated: readonly Outdated[]): void {
  for (const { clusterId, revision } of outdated) tellCluster(deps, clusterId, revision);
}

/** Tells the environment's viewers where it stands. */
export function tellViewers(deps: Deps, clusterId: string, row: { id: string } & Told): void {
  const announced = deps.objects.cluster(clusterId).announce(row.id, statusUpdateOf(row));
  deps.waitUntil(orLog(deps, "viewers were not told", clusterId, announced));
}

/** The same for many environments of one cluster, in one call: each call counts against what a request may make. */
export function tellAllViewers(deps: Deps, clusterId: string, rows: readonly ({ id: string } & Told)[]): void {
  const updates = rows.map((row) => ({ environmentId: row.id, update: statusUpdateOf(row) }));
  const announced = deps.objects.cluster(clusterId).announceAll(updates);
  deps.waitUntil(orLog(deps, "viewers were not told", clusterId, announced));
}

/** Closes every socket of a deleted environment. */
export function endViewers(deps: Deps, clusterId: string, environmentId: string): void {
  const ended = deps.objects.cluster(clusterId).endEnvironment(environmentId);
  deps.waitUntil(orLog(deps, "sockets were not ended", clusterId, ended));
}

function orLog(deps: Deps, msg: string, clusterId: string, work: Promise<void>): Promise<void> {
  return work.catch((error: unknown) => {
    deps.log("warn", msg, { cluster_id: clusterId, error: error instanceof Error ? error.message : "unknown" });
  });
}

/** What viewers are told of an environment. */
interface Told {
  phase: Phase;
  statusMessage: string | null;
  phaseReason: string | null;
}

/** The frame that tells a viewer where an environment stands. */
export function statusUpdateOf({ phase, statusMessage, phaseReason: reason }: Told): StatusUpdate {
  const message = statusMessage ?? `The environment is ${phase}`;
  return { type: "status_update", status: statusOf(phase), phase, message, reason, progress: null };
}

/** Reads at 0.1, 0.2, 0.4, 0.8, 1.2, 1.6, 2 s after the first: a local environment is there by then; later each second. */
const firstPausesMs = [100, 100, 200, 400, 400, 400, 400] as const;
const laterPauseMs = 1000;

/** The row once it has settled (a usable shell, stopped, error) or the configured wait is over; whatever is true. */
export async function waitUntilSettled(deps: Deps, owner: Owner, id: string): Promise<EnvironmentInFull> {
  const endsAtMs = deps.now().getTime() + deps.config.limits.phaseWaitMs;
  for (let reads = 0; ; reads += 1) {
    const row = phaseAt(await ownEnvironment(deps, owner, id), deps.now());
    const leftMs = endsAtMs - deps.now().getTime();
    if (!isOnItsWay(row.phase) || leftMs <= 0) return row;
    await pause(Math.min(firstPausesMs[reads] ?? laterPauseMs, leftMs));
  }
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
