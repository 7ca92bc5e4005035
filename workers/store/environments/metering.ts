/**
 * Running time: `metered_at` is set exactly while an environment has a shell and tells up to when its time is in
 * `usage_months`. All times are cut to whole seconds, so that the parts of a run add up to the whole of it. Locks
 * are taken in one order everywhere (users, environments by id, usage by user and month), so nobody deadlocks.
 */
import { type SQL, sql } from "drizzle-orm";
import { hasShell, phases } from "../../../durable-objects/protocol/vocabulary.ts";
import type { Database } from "../database.ts";

/** Whether a phase (a column) is one with a shell. */
export function isRunning(phase: SQL): SQL {
  const running = phases.filter(hasShell).map((name) => sql`${name}`);
  return sql`${phase} in (${sql.join(running, sql`, `)})`;
}

/**
 * The CTE `added`: books the rows of a CTE `ran (user_id, since, until)`, each month's share (UTC) to its month. Who
 * writes it moves `metered_at` on in the same statement.
 */
export const addRunningTime: SQL = sql`added as (
  insert into usage_months as booked (user_id, month, running_seconds)
  select user_id, begins::date, sum(extract(epoch from
    least(until at time zone 'UTC', begins + interval '1 month') - greatest(since at time zone 'UTC', begins)))::int
  from ran cross join lateral generate_series(date_trunc('month', since at time zone 'UTC'), until at time zone 'UTC',
    interval '1 month') as begins
  where until > since group by 1, 2 order by 1, 2
  on conflict (user_id, month) do update set running_seconds = booked.running_seconds + excluded.running_seconds)`;

/**
 * Books what everything that runs has run since it was last metered. Run twice it adds nothing, and time of sweeps
 * that did not come is added by the next. Answers how many environments are running.
 */
export async function meterRunning(db: Database, now: Date): Promise<number> {
  const until = sql`date_trunc('second', ${now.toISOString()}::timestamptz)`;
  const { rows } = await db.execute(sql`
    with held as (select id, user_id, metered_at, ${isRunning(sql`phase`)} as is_running, phase_since from environments
      where metered_at is not null and metered_at < ${until} order by id for update),
    ran as (select id, user_id, is_running, metered_at as since, greatest(metered_at,
      case when is_running then ${until} else least(${until}, date_trunc('second', phase_since)) end) as until from held),
    ${addRunningTime}
    update environments e set metered_at = case when ran.is_running then ran.until end
    from ran where e.id = ran.id returning e.id`);
  return rows.length;
}
