/**
 * What a user's plan allows and how much of it is in use, as SQL: the one place that counts environments and running
 * time, read by what creates and starts (under the lock of the user's row) and by what shows the limits.
 */
import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { monthOf } from "../../rules/months.ts";
import type { PlanUse } from "../../rules/quotas.ts";

/**
 * Locks a user's row until the end of the transaction; first in its batch, so that the statement after it sees all
 * that those who held the lock before have written. Not `for update`: that would wait for, and deadlock with, the
 * foreign keys of rows that are written about this user meanwhile.
 */
export function lockUser(userId: string): SQL {
  return sql`select id from users where id = ${userId} for no key update`;
}

/** One row: the plan's limits and their use at `now`, running time that is not in `usage_months` yet included. */
export function planUse(userId: string, now: Date): SQL {
  const month = monthOf(now);
  return sql`select p.id as plan, p.max_environments, p.max_cpu_millicores, p.max_memory_bytes, p.max_storage_bytes,
      p.running_seconds_per_month, p.idle_seconds, p.unattended_seconds, p.requests_per_minute,
      (select count(*) from environments where user_id = u.id and deleted_at is null) as environments,
      ${runningSeconds(sql`u.id`, month, now)} as running_seconds
    from users u join plans p on p.id = u.plan_id where u.id = ${userId}`;
}

/** Seconds that a user's environments have run in a month, up to `now`. */
export function runningSeconds(userId: SQL, month: { firstDay: string; startsAt: Date }, now: Date): SQL {
  return sql`(select coalesce((select running_seconds from usage_months where user_id = ${userId}
      and month = ${month.firstDay}::date), 0) + coalesce(sum(greatest(0, extract(epoch from
      date_trunc('second', ${now.toISOString()}::timestamptz) - greatest(ran.metered_at, ${month.startsAt.toISOString()}::timestamptz)))), 0)::int
    from environments ran where ran.user_id = ${userId} and ran.deleted_at is null and ran.metered_at is not null)`;
}

/** Whether sizes (columns or values) and month of a row of `planUse` called `facts` are within the plan. */
export function isWithinPlan(sizes: { cpu: SQL; memory: SQL; storage: SQL }): SQL {
  return sql`(${sizes.cpu} <= facts.max_cpu_millicores and ${sizes.memory} <= facts.max_memory_bytes
    and ${sizes.storage} <= facts.max_storage_bytes
    and (facts.running_seconds_per_month is null or facts.running_seconds < facts.running_seconds_per_month))`;
}

const limit = z.coerce.number().nullable();
const rowSchema = z.object({
  plan: z.string(),
  max_environments: z.coerce.number(),
  max_cpu_millicores: z.coerce.number(),
  max_memory_bytes: z.coerce.number(),
  max_storage_bytes: z.coerce.number(),
  running_seconds_per_month: limit,
  idle_seconds: limit,
  unattended_seconds: limit,
  requests_per_minute: z.coerce.number(),
  environments: z.coerce.number(),
  running_seconds: z.coerce.number(),
});

export interface PlanLimits extends PlanUse {
  idleSeconds: number | null;
  unattendedSeconds: number | null;
  requestsPerMinute: number;
}

/** Reads a row of `planUse`. */
export function toPlanUse(row: unknown): PlanLimits {
  const read = rowSchema.parse(row);
  return {
    plan: read.plan,
    maxEnvironments: read.max_environments,
    maxCpuMillicores: read.max_cpu_millicores,
    maxMemoryBytes: read.max_memory_bytes,
    maxStorageBytes: read.max_storage_bytes,
    runningSecondsPerMonth: read.running_seconds_per_month,
    idleSeconds: read.idle_seconds,
    unattendedSeconds: read.unattended_seconds,
    requestsPerMinute: read.requests_per_minute,
    environments: read.environments,
    runningSeconds: read.running_seconds,
  };
}
