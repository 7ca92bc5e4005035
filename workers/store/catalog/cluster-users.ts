/** Who may use a cluster that is not open to everybody. */
import { and, asc, eq, isNull, sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { users } from "../schema/accounts.ts";
import { userClusters } from "../schema/catalog.ts";

export interface ClusterUser {
  userId: string;
  username: string;
  email: string;
  grantedAt: Date;
}

const columns = {
  userId: users.id,
  username: users.username,
  email: users.email,
  grantedAt: userClusters.createdAt,
};

/** A page of those who were let in, by user name, and how many there are. One round trip. */
export async function listClusterUsers(
  db: Database,
  clusterId: string,
  page: { limit: number; offset: number },
): Promise<{ rows: ClusterUser[]; total: number }> {
  const where = and(eq(userClusters.clusterId, clusterId), isNull(users.deletedAt));
  const [rows, [count]] = await db.batch([
    db
      .select(columns)
      .from(userClusters)
      .innerJoin(users, eq(users.id, userClusters.userId))
      .where(where)
      .orderBy(asc(users.username))
      .limit(page.limit)
      .offset(page.offset),
    db
      .select({ total: sql<number>`count(*)::int` })
      .from(userClusters)
      .innerJoin(users, eq(users.id, userClusters.userId))
      .where(where),
  ]);
  return { rows, total: count?.total ?? 0 };
}

/** Somebody and since when they have been let in; null for nobody's id, `grantedAt` null = they were not. */
export async function findClusterUser(
  db: Database,
  clusterId: string,
  userId: string,
): Promise<(Omit<ClusterUser, "grantedAt"> & { grantedAt: Date | null }) | null> {
  const isLink = and(eq(userClusters.userId, users.id), eq(userClusters.clusterId, clusterId));
  const [row] = await db
    .select(columns)
    .from(users)
    .leftJoin(userClusters, isLink)
    .where(and(eq(users.id, userId), isNull(users.deletedAt)));
  return row ?? null;
}

/** Lets somebody in; does nothing for those who are in. */
export async function grantCluster(db: Database, clusterId: string, userId: string, now: Date): Promise<void> {
  await db.insert(userClusters).values({ clusterId, userId, createdAt: now }).onConflictDoNothing();
}

/** Takes it back; whether there was anything to take. */
export async function revokeCluster(db: Database, clusterId: string, userId: string): Promise<boolean> {
  const link = and(eq(userClusters.clusterId, clusterId), eq(userClusters.userId, userId));
  const removed = await db.delete(userClusters).where(link).returning({ userId: userClusters.userId });
  return removed.length > 0;
}
