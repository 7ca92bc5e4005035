/**
 * What a local environment uses: CPU and memory of its processes from /proc, the size of its directory. Percentages
 * are of the environment's limits; what cannot be told is null with the reason.
 */
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import type { Resources } from "../../../durable-objects/protocol/bridge-api.ts";
import type { Readings } from "../../../durable-objects/protocol/bridge-link.ts";
import { type ProcessFacts, ticksPerSecond } from "./processes.ts";

/** A directory with more entries than this is not measured: a look must stay cheap. */
const maxEntries = 50_000;
const blockBytes = 512;

/** One look at the CPU time of an environment's processes. */
export interface CpuLook {
  atMs: number;
  ticksByPid: Map<number, number>;
}

export function lookAtCpu(processes: readonly ProcessFacts[], atMs: number): CpuLook {
  return { atMs, ticksByPid: new Map(processes.map((each) => [each.pid, each.cpuTicks])) };
}

/** CPU between two looks in percent of the limit; null when no time has passed. */
export function cpuPercent(before: CpuLook, after: CpuLook, limit: Resources): number | null {
  const seconds = (after.atMs - before.atMs) / 1000;
  if (seconds <= 0) return null;
  let ticks = 0;
  for (const [pid, now] of after.ticksByPid) ticks += now - (before.ticksByPid.get(pid) ?? 0);
  const cores = Math.max(0, ticks) / ticksPerSecond / seconds;
  return percent(cores, limit.cpu_millicores / 1000);
}

export function memoryPercent(processes: readonly ProcessFacts[], limit: Resources): number {
  return percent(
    processes.reduce((sum, each) => sum + each.memoryBytes, 0),
    limit.memory_bytes,
  );
}

/** Bytes on disk below `directory`, or null when it has too many entries to count. */
export async function diskBytes(directory: string): Promise<number | null> {
  let total = 0;
  let entries = 0;
  const open = [directory];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const listing = await opendir(next).catch(ignoreUnreadable);
    if (listing === undefined) continue;
    for await (const entry of listing) {
      entries += 1;
      if (entries > maxEntries) return null;
      const path = join(next, entry.name);
      total += ((await lstat(path).catch(ignoreUnreadable))?.blocks ?? 0) * blockBytes;
      if (entry.isDirectory()) open.push(path);
    }
  }
  return total;
}

/** Puts the readings together; `reason` names everything that is null. */
export function composeReadings(options: {
  cpu: number | null;
  memory: number | null;
  disk: number | null;
  limit: Resources;
  uptimeSeconds: number | null;
  at: Date;
}): Readings {
  const reasons = ["network: processes of this machine share its network"];
  if (options.disk === null) reasons.push(`storage: more than ${maxEntries} files`);
  if (options.uptimeSeconds === null) reasons.push("cpu, memory, uptime: not running");
  return {
    cpu_usage: options.cpu,
    memory_usage: options.memory,
    storage_usage: options.disk === null ? null : percent(options.disk, options.limit.storage_bytes),
    network_in: null,
    network_out: null,
    uptime: options.uptimeSeconds,
    timestamp: options.at.toISOString(),
    reason: reasons.join("; "),
  };
}

function percent(used: number, limit: number): number {
  return Math.round((used / limit) * 10_000) / 100;
}

function ignoreUnreadable(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "EACCES" || error.code === "ENOTDIR") return undefined;
  throw error;
}
