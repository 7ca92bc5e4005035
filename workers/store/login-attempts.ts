/** Queries about wrong passwords in a row, for names that exist and names that do not. */
import { eq, lt, or, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { loginAttempts } from "./schema/accounts.ts";

/** Until when a subject is locked, or null when it is not (any more). */
export async function findLock(db: Database, subject: string, now: Date): Promise<Date | null> {
  const rows = await db
    .select({ lockedUntil: loginAttempts.lockedUntil })
    .from(loginAttempts)
    .where(eq(loginAttempts.subject, subject));
  const lockedUntil = rows[0]?.lockedUntil ?? null;
  return lockedUntil !== null && lockedUntil > now ? lockedUntil : null;
}

/**
 * Counts one wrong password in one statement: parallel ones are all counted, the one that reaches `lockFailures`
 * locks the subject, and the end of a lock begins the count anew.
 */
export async function recordFailure(
  db: Database,
  failure: { subject: string; lockFailures: number; lockSeconds: number; now: Date },
): Promise<void> {
  const now = sql`${failure.now.toISOString()}::timestamptz`;
  const lockEnd = sql`${now} + make_interval(secs => ${failure.lockSeconds})`;
  const failures = sql`case when ${loginAttempts.lockedUntil} <= ${now} then 1 else ${loginAttempts.failures} + 1 end`;
  const isLocked = sql`${loginAttempts.lockedUntil} > ${now}`;
  await db
    .insert(loginAttempts)
    .values({
      subject: failure.subject,
      failures: 1,
      lockedUntil: sql`case when ${failure.lockFailures}::int <= 1 then ${lockEnd} end`,
      updatedAt: failure.now,
    })
    .onConflictDoUpdate({
      target: loginAttempts.subject,
      set: {
        failures,
        lockedUntil: sql`case when ${isLocked} then ${loginAttempts.lockedUntil}
          when ${failures} >= ${failure.lockFailures}::int then ${lockEnd} end`,
        updatedAt: failure.now,
      },
    });
}

/** Forgets the count and the lock of an account, those of its known devices too. */
export async function forgetAttempts(db: Database, userId: string): Promise<void> {
  const ofDevice = sql`starts_with(${loginAttempts.subject}, ${`${userId}/`})`;
  await db.delete(loginAttempts).where(or(eq(loginAttempts.subject, userId), ofDevice));
}

/** Forgets counts that nobody added to since `before`. */
export async function deleteOldAttempts(db: Database, before: Date): Promise<void> {
  await db.delete(loginAttempts).where(lt(loginAttempts.updatedAt, before));
}
