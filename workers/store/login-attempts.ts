/** Queries about wrong passwords in a row, for names that exist and names that do not. */
import { lt, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { knownDevices } from "./schema/access.ts";
import { loginAttempts } from "./schema/accounts.ts";

/**
 * Counts one wrong password in one statement: parallel ones are all counted, the one that reaches `lockFailures`
 * locks the subject, and the end of a lock begins the count anew. Tells what became of the subject:
 * open, locked by this failure, or locked by one before it.
 */
export async function recordFailure(
  db: Database,
  failure: { subject: string; lockFailures: number; lockSeconds: number; now: Date },
): Promise<"open" | "locked_now" | "locked_before"> {
  const now = sql`${failure.now.toISOString()}::timestamptz`;
  const lockEnd = sql`${now} + make_interval(secs => ${failure.lockSeconds})`;
  const failures = sql`case when ${loginAttempts.lockedUntil} <= ${now} then 1 else ${loginAttempts.failures} + 1 end`;
  const isLocked = sql`${loginAttempts.lockedUntil} > ${now}`;
  const rows = await db
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
    })
    .returning({ lockedUntil: loginAttempts.lockedUntil });
  const lockedUntil = rows[0]?.lockedUntil ?? null;
  if (lockedUntil === null) return "open";
  return lockedUntil.getTime() === failure.now.getTime() + failure.lockSeconds * 1000 ? "locked_now" : "locked_before";
}

/** The statement that forgets the wrong passwords and locks of an account and of each of its known devices. */
export function attemptsForgetting(db: Database, userId: string) {
  const ofDevices = sql`select ${knownDevices.userId} || '/' || ${knownDevices.deviceHash} from ${knownDevices}
    where ${knownDevices.userId} = ${userId}`;
  const subjects = sql`(select ${userId}::text union all ${ofDevices})`;
  return db.delete(loginAttempts).where(sql`${loginAttempts.subject} in ${subjects}`);
}

/** Forgets the count and the lock of an account, those of its known devices too. */
export async function forgetAttempts(db: Database, userId: string): Promise<void> {
  await attemptsForgetting(db, userId);
}

/** Forgets counts that nobody added to since `before`. */
export async function deleteOldAttempts(db: Database, before: Date): Promise<void> {
  await db.delete(loginAttempts).where(lt(loginAttempts.updatedAt, before));
}
