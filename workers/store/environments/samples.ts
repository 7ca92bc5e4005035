/** The history of readings: one sample a minute and environment, written from telemetry, kept for some days. */
import { lt, sql } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";
import { environmentSamples } from "../schema/environments.ts";
import { isRunning } from "./metering.ts";

export interface Sample {
  environmentId: string;
  takenAt: Date;
  cpuUsage: number | null;
  memoryUsage: number | null;
  storageUsage: number | null;
  networkInBytes: number | null;
  networkOutBytes: number | null;
  uptimeSeconds: number | null;
  lastActivityAt: Date | null;
  attendedAt: Date | null;
  workedAt: Date | null;
}

/**
 * Keeps samples and the newest readings of environments of this cluster, in one statement; samples of others are
 * left out. Answers how many were kept. Times of activity only move forward. What runs unmetered (since before there
 * was a meter) is metered from now on.
 */
export async function recordSamples(
  db: Database,
  clusterId: string,
  samples: readonly Sample[],
  now: Date,
): Promise<number> {
  if (samples.length === 0) return 0;
  const result = await db.execute(sql`
    with told as (${incoming(samples)}),
    own as (select told.* from told join environments e on e.id = told.id
      where e.cluster_id = ${clusterId} and e.phase <> 'terminated' order by e.id for update of e),
    kept as (insert into environment_samples (environment_id, taken_at, cpu_usage, memory_usage, storage_usage,
        network_in_bytes, network_out_bytes, uptime_seconds)
      select id, taken_at, cpu, memory, storage, network_in, network_out, uptime from own on conflict do nothing)
    update environments e set cpu_usage = own.cpu, memory_usage = own.memory, storage_usage = own.storage,
      last_activity_at = greatest(e.last_activity_at, own.last_activity), heard_at = ${now.toISOString()}::timestamptz,
      attended_at = greatest(e.attended_at, own.attended), worked_at = greatest(e.worked_at, own.worked),
      metered_at = coalesce(e.metered_at,
        case when ${isRunning(sql`e.phase`)} then date_trunc('second', ${now.toISOString()}::timestamptz) end)
    from own where e.id = own.id returning e.id`);
  return result.rows.length;
}

function incoming(samples: readonly Sample[]) {
  const list = samples.map((sample) => ({
    id: sample.environmentId,
    taken_at: sample.takenAt,
    cpu: sample.cpuUsage,
    memory: sample.memoryUsage,
    storage: sample.storageUsage,
    network_in: sample.networkInBytes,
    network_out: sample.networkOutBytes,
    uptime: sample.uptimeSeconds,
    last_activity: sample.lastActivityAt,
    attended: sample.attendedAt,
    worked: sample.workedAt,
  }));
  return sql`select * from jsonb_to_recordset(${JSON.stringify(list)}::jsonb) as told(id text, taken_at timestamptz,
    cpu real, memory real, storage real, network_in bigint, network_out bigint, uptime int, last_activity timestamptz,
    attended timestamptz, worked timestamptz)`;
}

const pointSchema = z.object({
  taken_at: z.coerce.date(),
  cpu_usage: z.coerce.number().nullable(),
  memory_usage: z.coerce.number().nullable(),
  storage_usage: z.coerce.number().nullable(),
  network_in: z.coerce.number().nullable(),
  network_out: z.coerce.number().nullable(),
});
export type HistoryPoint = z.infer<typeof pointSchema>;

/** Readings since `from` in steps: averages of percentages, the last counters of each step; oldest first. */
export async function readHistory(
  db: Database,
  environmentId: string,
  from: Date,
  stepSeconds: number,
): Promise<HistoryPoint[]> {
  const { rows } = await db.execute(sql`
    select date_bin(make_interval(secs => ${stepSeconds}::int), taken_at, 'epoch') as taken_at, avg(cpu_usage) as cpu_usage,
      avg(memory_usage) as memory_usage, avg(storage_usage) as storage_usage,
      max(network_in_bytes) as network_in, max(network_out_bytes) as network_out
    from environment_samples where environment_id = ${environmentId} and taken_at >= ${from.toISOString()}::timestamptz
    group by 1 order by 1`);
  return z.array(pointSchema).parse(rows);
}

/** Forgets the samples taken before a time. */
export async function forgetSamples(db: Database, before: Date): Promise<void> {
  await db.delete(environmentSamples).where(lt(environmentSamples.takenAt, before));
}
