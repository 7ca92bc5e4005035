/** Queries about subscription plans: all of them, a change of one, and how much of theirs somebody uses. */
import { and, asc, eq, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { type Outdated, outdateListsOf } from "./environments/outdated.ts";
import { type PlanLimits, planUse, toPlanUse } from "./environments/plan-use.ts";
import { plans } from "./schema/accounts.ts";

export type PlanRow = typeof plans.$inferSelect;
export type PlanChange = Omit<PlanRow, "id" | "updatedAt">;

/** Every plan, the smallest first. */
export async function listPlans(db: Database): Promise<PlanRow[]> {
  return db.select().from(plans).orderBy(asc(plans.maxEnvironments), asc(plans.requestsPerMinute), asc(plans.id));
}

/** One plan, or null. */
export async function findPlan(db: Database, id: string): Promise<PlanRow | null> {
  const [row] = await db.select().from(plans).where(eq(plans.id, id));
  return row ?? null;
}

/**
 * Replaces what a plan allows, and outdates what is desired of the clusters of its people; null when there is no such plan, or
 * it is no longer as it was `seen`.
 */
export async function updatePlan(
  db: Database,
  { id, change, seen, now }: { id: string; change: PlanChange; seen: PlanRow | null; now: Date },
): Promise<{ row: PlanRow; outdated: Outdated[] } | null> {
  const [[row], outdated] = await db.batch([
    db
      .update(plans)
      .set({ ...change, updatedAt: now })
      .where(and(eq(plans.id, id), seen === null ? undefined : allows(seen)))
      .returning(),
    outdateListsOf(db, { planId: id }),
  ]);
  return row === undefined ? null : { row, outdated };
}

function allows({ id, updatedAt, ...limits }: PlanRow) {
  const names = Object.keys(limits) as (keyof PlanChange)[];
  return and(...names.map((name) => sql`${plans[name]} is not distinct from ${limits[name]}`));
}

/** What a user's plan allows and how much of it is in use at `now`, in one round trip; null for nobody's id. */
export async function findPlanUse(db: Database, userId: string, now: Date): Promise<PlanLimits | null> {
  const { rows } = await db.execute(planUse(userId, now));
  return rows[0] === undefined ? null : toPlanUse(rows[0]);
}
