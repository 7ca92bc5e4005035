/** Administrators for tests, and the audit rows about somebody. */
import { env } from "cloudflare:workers";
import { eq, sql } from "drizzle-orm";
import { vi } from "vitest";
import { readConfig } from "../../../workers/env.ts";
import { connectDatabase } from "../../../workers/store/database.ts";
import { auditEvents } from "../../../workers/store/schema/audit.ts";
import { newPerson, type Person } from "../support/api.ts";

export const db = connectDatabase(readConfig(env).database);

/** Somebody with the role admin, and requests enough for a test. */
export async function newAdmin(): Promise<Person> {
  const person = await newPerson();
  await db.execute(sql`update users set role = 'admin', plan_id = 'enterprise' where id = ${person.userId}`);
  return person;
}

/** The rows about a target, as `actor action outcome`, once there are this many: they are written after the answers. */
export function auditedAbout(targetId: string, count: number) {
  return vi.waitUntil(async () => {
    const rows = await db.select().from(auditEvents).where(eq(auditEvents.targetId, targetId)).orderBy(auditEvents.id);
    return rows.length >= count ? rows : undefined;
  }, 10_000);
}
