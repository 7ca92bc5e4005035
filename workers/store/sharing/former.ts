/** What has become of an environment that somebody could enter once: only who was there is told. */
import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";

const foundSchema = z.object({ is_deleted: z.boolean(), is_owner: z.boolean() });

/** `deleted`, or for a former guest `access_ended`; null for an environment that was never theirs to enter. */
export async function endOf(
  db: Database,
  userId: string,
  environmentId: string,
): Promise<"deleted" | "access_ended" | null> {
  const { rows } = await db.execute(sql`
    select e.deleted_at is not null as is_deleted, e.user_id = ${userId} as is_owner from environments e
    where e.id = ${environmentId} and (e.user_id = ${userId} or exists (
      select 1 from shares s where s.environment_id = e.id and (
        exists (select 1 from share_guests g where g.share_id = s.id and g.user_id = ${userId})
        or exists (select 1 from removed_guests r where r.share_id = s.id and r.user_id = ${userId}))))`);
  const found = rows[0] === undefined ? null : foundSchema.parse(rows[0]);
  if (found === null || (found.is_owner && !found.is_deleted)) return null;
  return found.is_deleted ? "deleted" : "access_ended";
}
