/** What decides whether a running environment stops by itself, and the end that was announced for it. */
import { and, asc, eq, gt, isNotNull, type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { AutoStopFacts } from "../../rules/idle.ts";
import { monthOf } from "../../rules/months.ts";
import type { Database } from "../database.ts";
import { plans, users } from "../schema/accounts.ts";
import { environments, usageMonths } from "../schema/environments.ts";
import { type LifecycleRow, lifecycleColumns } from "./cluster-view.ts";
import { runningSeconds } from "./plan-use.ts";

/** A running environment with everything that rules/idle.ts asks. */
export type RunningRow = LifecycleRow & AutoStopFacts;

/**
 * Running environments that may have to be told of, or brought to, their end at `now`, by id from `afterId` on: those
 * that were warned, those nobody attended to for nearly the plan's time, and those whose hours are nearly used up.
 */
export async function listNearTheirEnd(
  db: Database,
  now: Date,
  page: { afterId: string; limit: number },
): Promise<RunningRow[]> {
  return factsOf(db, now, and(gt(environments.id, page.afterId), isNearItsEnd(now)))
    .orderBy(asc(environments.id))
    .limit(page.limit);
}

/** The same of one running environment, or null. */
export async function findRunning(db: Database, id: string, now: Date): Promise<RunningRow | null> {
  const [row] = await factsOf(db, now, eq(environments.id, id));
  return row ?? null;
}

function factsOf(db: Database, now: Date, condition: SQL | undefined) {
  const month = monthOf(now);
  const owner = sql`${environments.userId}`;
  return db
    .select({
      ...lifecycleColumns,
      attendedAt: environments.attendedAt,
      workedAt: environments.workedAt,
      heardAt: environments.heardAt,
      autoStopAt: environments.autoStopAt,
      idleSeconds: plans.idleSeconds,
      unattendedSeconds: plans.unattendedSeconds,
      runningSecondsPerMonth: plans.runningSecondsPerMonth,
      planChangedAt: users.planChangedAt,
      runningSeconds: sql<number>`${runningSeconds(owner, month, now)}`.mapWith(Number),
      runningEnvironments: sql<number>`(select count(*)::int from environments own where own.user_id = ${owner}
        and own.deleted_at is null and own.metered_at is not null)`,
    })
    .from(environments)
    .innerJoin(users, eq(users.id, environments.userId))
    .innerJoin(plans, eq(plans.id, users.planId))
    .leftJoin(usageMonths, and(eq(usageMonths.userId, users.id), eq(usageMonths.month, month.firstDay)))
    .where(and(isNotNull(environments.meteredAt), eq(environments.desired, "running"), condition))
    .$dynamic();
}

/** How far ahead rows are looked at, in seconds; more than rules/idle.ts warns before. */
const aheadSeconds = 600;

/** Wider than the rule, which judges what comes out: what runs has just been metered, so `usage_months` tells enough. */
function isNearItsEnd(now: Date): SQL {
  const { autoStopAt, phaseSince, attendedAt } = environments;
  const ahead = sql`${new Date(now.getTime() + aheadSeconds * 1000).toISOString()}::timestamptz`;
  return sql`(${autoStopAt} is not null
    or greatest(${phaseSince}, ${attendedAt}) + make_interval(secs => ${plans.idleSeconds}) <= ${ahead}
    or coalesce(${usageMonths.runningSeconds}, 0) + ${aheadSeconds}::int * ${plans.maxEnvironments}::bigint
      >= ${plans.runningSecondsPerMonth})`;
}

export interface AnnouncedEnd {
  id: string;
  before: Date | null;
  after: Date | null;
}

const idsSchema = z.array(z.object({ id: z.string() }));

/** Announces ends, or takes them back, where what was announced before still is; answers for which it was done. */
export async function announceEnds(db: Database, ends: readonly AnnouncedEnd[]): Promise<Set<string>> {
  if (ends.length === 0) return new Set();
  const { rows } = await db.execute(sql`
    with asked as (select * from jsonb_to_recordset(${JSON.stringify(ends)}::jsonb)
      as asked(id text, before timestamptz, after timestamptz)),
    held as (select e.id from environments e join asked on asked.id = e.id order by e.id for update of e)
    update environments e set auto_stop_at = asked.after from asked join held on held.id = asked.id
    where e.id = asked.id and date_trunc('milliseconds', e.auto_stop_at) is not distinct from asked.before
      and e.metered_at is not null and e.desired = 'running' returning e.id`);
  return new Set(idsSchema.parse(rows).map(({ id }) => id));
}

/** Notes that somebody attends to an environment now. */
export async function noteAttendance(db: Database, id: string, now: Date): Promise<void> {
  await db
    .update(environments)
    .set({ attendedAt: sql`greatest(${environments.attendedAt}, ${now.toISOString()}::timestamptz)` })
    .where(eq(environments.id, id));
}
