/** Queries about the devices that accounts signed in from. */
import { lt, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { knownDevices } from "./schema/access.ts";

/** The statements that make a session's device known from now on; for the batch that begins the session. */
export function deviceUpserts(db: Database, userId: string, hashes: readonly string[], now: Date) {
  if (hashes.length === 0) return [];
  const rows = hashes.map((deviceHash) => ({ userId, deviceHash, signedInAt: now }));
  const upsert = db
    .insert(knownDevices)
    .values(rows)
    .onConflictDoUpdate({
      target: [knownDevices.userId, knownDevices.deviceHash],
      set: { signedInAt: sql`greatest(${knownDevices.signedInAt}, excluded.signed_in_at)` },
    });
  return [upsert];
}

/** Forgets devices that nobody signed in from since `before`. */
export async function deleteOldDevices(db: Database, before: Date): Promise<void> {
  await db.delete(knownDevices).where(lt(knownDevices.signedInAt, before));
}
