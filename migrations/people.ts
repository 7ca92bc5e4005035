/** The accounts of a development database. Their passwords are public: never for a server that others can reach. */
import { randomBytes } from "node:crypto";
import { inArray } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { hashPassword, saltBytes, verifyPassword } from "../workers/rules/passwords.ts";
import { users } from "../workers/store/schema/accounts.ts";
import { newId } from "./ids.ts";

export const seedPeople = [
  { username: "admin", email: "admin@devpocket.app", password: "AdminPassword123!", role: "admin", planId: "pro" },
  { username: "demo", email: "demo@devpocket.app", password: "DemoPassword123!", role: "user", planId: "pro" },
  { username: "test", email: "test@devpocket.app", password: "TestPassword123!", role: "user", planId: "starter" },
] as const;
const emails = seedPeople.map(({ email }) => email);

/** Ids of the seed accounts by e-mail address; missing ones are made, existing ones stay as they are. */
export async function seedUsers(db: NodePgDatabase): Promise<Map<string, string>> {
  const known = await findSeedUsers(db);
  for (const person of seedPeople.filter(({ email }) => !known.has(email))) {
    const passwordHash = await hashPassword(person.password, randomBytes(saltBytes));
    const { username, email, role, planId } = person;
    const row = { id: newId("usr"), username, email, role, planId, passwordHash, isVerified: true };
    await db.insert(users).values(row).onConflictDoNothing();
  }
  return findSeedUsers(db);
}

/** Replaces the public passwords that are still in use; the new ones, for printing once. */
export async function replacePublicPasswords(db: NodePgDatabase): Promise<{ email: string; password: string }[]> {
  const rows = await db.select().from(users).where(inArray(users.email, emails));
  const replaced: { email: string; password: string }[] = [];
  for (const { email, password: publicPassword } of seedPeople) {
    const row = rows.find((candidate) => candidate.email === email);
    if (!row?.passwordHash || !(await verifyPassword(row.passwordHash, publicPassword))) continue;
    const password = newPassword();
    const passwordHash = await hashPassword(password, randomBytes(saltBytes));
    await db
      .update(users)
      .set({ passwordHash })
      .where(inArray(users.id, [row.id]));
    replaced.push({ email, password });
  }
  return replaced;
}

/** A password of 96 random bits that keeps the rules. */
export function newPassword(): string {
  return `Dp1-${randomBytes(12).toString("base64url")}`;
}

/** Whether people who are not of the seed live in this database and none of the seed does. */
export async function isSomebodyElses(db: NodePgDatabase): Promise<boolean> {
  const [anybody] = await db.select({ id: users.id }).from(users).limit(1);
  return anybody !== undefined && (await findSeedUsers(db)).size === 0;
}

async function findSeedUsers(db: NodePgDatabase): Promise<Map<string, string>> {
  const rows = await db.select({ id: users.id, email: users.email }).from(users).where(inArray(users.email, emails));
  return new Map(rows.map(({ id, email }) => [email, id]));
}
