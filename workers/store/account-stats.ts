/** The numbers of one account, read in one round trip. */
import { and, count, desc, eq, gt, isNull, sql } from "drizzle-orm";
import type { Phase } from "../../durable-objects/protocol/vocabulary.ts";
import type { Database } from "./database.ts";
import { sessions } from "./schema/accounts.ts";
import { environments } from "./schema/environments.ts";

export interface AccountStats {
  environmentsByPhase: { phase: Phase; total: number }[];
  activeSessions: number;
  /** Newest first. */
  recent: { environmentId: string; name: string; phase: Phase; at: Date }[];
}

/** `recentCount` = how many environments "recent" lists. */
export async function readAccountStats(
  db: Database,
  userId: string,
  now: Date,
  recentCount: number,
): Promise<AccountStats> {
  const isOwn = and(eq(environments.userId, userId), isNull(environments.deletedAt));
  const usedAt = sql<Date>`greatest(${environments.lastActivityAt}, ${environments.updatedAt})`.mapWith(
    environments.updatedAt,
  );
  const [environmentsByPhase, alive, recent] = await db.batch([
    db
      .select({ phase: environments.phase, total: count() })
      .from(environments)
      .where(isOwn)
      .groupBy(environments.phase),
    db
      .select({ total: count() })
      .from(sessions)
      .where(and(eq(sessions.userId, userId), isNull(sessions.endedAt), gt(sessions.refreshExpiresAt, now))),
    db
      .select({ environmentId: environments.id, name: environments.name, phase: environments.phase, at: usedAt })
      .from(environments)
      .where(isOwn)
      .orderBy(desc(usedAt))
      .limit(recentCount),
  ]);
  return { environmentsByPhase, activeSessions: alive[0]?.total ?? 0, recent };
}
