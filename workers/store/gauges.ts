/** What is there now, for the metrics: one statement over environments, people and clusters. */
import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "./database.ts";

const rowSchema = z.object({
  gauge: z.enum(["environments", "users", "cluster"]),
  /** Phase, plan, or id of a cluster. */
  first: z.string(),
  /** Cluster, or whether somebody is active; for a cluster its status. */
  second: z.string(),
  /** How many, or when a bridge was last seen (Unix seconds, 0 = never). */
  value: z.coerce.number(),
});
export type GaugeRow = z.infer<typeof rowSchema>;

/** Deleted environments and people who left do not count; a deadline that passed counts as `error`. */
export async function readGauges(db: Database, now: Date): Promise<GaugeRow[]> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const { rows } = await db.execute(sql`
    select 'environments' as gauge, case when phase_deadline_at <= ${at} then 'error' else phase end as first,
      cluster_id as second, count(*)::float8 as value
    from environments where deleted_at is null group by 2, 3
    union all
    select 'users', plan_id, case when is_active then 'active' else 'disabled' end, count(*)
    from users where deleted_at is null group by 2, 3
    union all
    select 'cluster', id, status, coalesce(extract(epoch from last_seen_at), 0) from clusters
    order by 1, 2, 3`);
  return z.array(rowSchema).parse(rows);
}
