/** Queries of guests whose rights have changed and who are to be shown out: noted with the change, forgotten once it is done. */
import { and, asc, eq, lte, sql } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";
import { untoldGuests } from "../schema/sharing.ts";

export interface UntoldGuest {
  environmentId: string;
  userId: string;
}

const notedSchema = z.array(
  z
    .object({ environment_id: z.string(), user_id: z.string() })
    .transform((row): UntoldGuest => ({ environmentId: row.environment_id, userId: row.user_id })),
);

/** Notes everybody who is a guest of this owner's, at every environment, and tells who that is. */
export async function noteGuestsOf(db: Database, ownerId: string, now: Date): Promise<UntoldGuest[]> {
  const since = sql`${now.toISOString()}::timestamptz`;
  const { rows } = await db.execute(sql`
    insert into untold_guests (environment_id, user_id, since)
    select distinct s.environment_id, g.user_id, ${since} from shares s join share_guests g on g.share_id = s.id
      where s.created_by = ${ownerId} and s.expires_at > ${since}
    ${sinceNow}
    returning environment_id, user_id`);
  return notedSchema.parse(rows);
}

/** Who is noted already is to be told of this change too. */
export const sinceNow = sql`on conflict (environment_id, user_id) do update set since = excluded.since`;

/** Guests who are to be shown out, the longest noted first. */
export async function listUntold(db: Database, limit: number): Promise<UntoldGuest[]> {
  return db
    .select({ environmentId: untoldGuests.environmentId, userId: untoldGuests.userId })
    .from(untoldGuests)
    .orderBy(asc(untoldGuests.since))
    .limit(limit);
}

/** Forgets these guests, but not what was noted after `since`. */
export async function noteTold(
  db: Database,
  environmentId: string,
  { userIds, since }: { userIds: readonly string[]; since: Date },
): Promise<void> {
  const isTold = sql`${untoldGuests.userId} in (select jsonb_array_elements_text(${JSON.stringify(userIds)}::jsonb))`;
  await db
    .delete(untoldGuests)
    .where(and(eq(untoldGuests.environmentId, environmentId), isTold, lte(untoldGuests.since, since)));
}
