/**
 * What is desired of a cluster also says what the plans of its people allow: where a plan changes, the list of every cluster
 * that holds something of theirs is another one.
 */
import { and, eq, inArray, isNull, type SQL, sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { users } from "../schema/accounts.ts";
import { clusters } from "../schema/catalog.ts";
import { environments } from "../schema/environments.ts";

/** A cluster, and where what is desired there stands now. */
export interface Outdated {
  clusterId: string;
  revision: number;
}

/** The statement that outdates the lists with environments of one person, or of everybody on a plan; null: none. */
export function outdateListsOf(db: Database, of: { userId: string } | { planId: string } | null) {
  return db
    .update(clusters)
    .set({ revision: sql`${clusters.revision} + 1` })
    .where(inArray(clusters.id, clustersOf(db, areTheirs(of))))
    .returning({ clusterId: clusters.id, revision: clusters.revision });
}

function areTheirs(of: { userId: string } | { planId: string } | null): SQL {
  if (of === null) return sql`false`;
  return "userId" in of ? eq(users.id, of.userId) : eq(users.planId, of.planId);
}

function clustersOf(db: Database, isTheirs: SQL) {
  return db
    .select({ id: environments.clusterId })
    .from(environments)
    .innerJoin(users, eq(users.id, environments.userId))
    .where(and(isTheirs, isNull(environments.deletedAt)));
}
