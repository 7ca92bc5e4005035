/** The first administrator of an installation. */
import { randomBytes } from "node:crypto";
import { or, sql } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { z } from "zod";
import { passwordProblems, usernamePattern } from "../../workers/rules/credentials.ts";
import { hashPassword, saltBytes } from "../../workers/rules/passwords.ts";
import { users } from "../../workers/store/schema/accounts.ts";
import { newId } from "../ids.ts";
import { newPassword } from "../people.ts";
import { audited, Refused, type Told } from "./deed.ts";

const emailSchema = z.email().max(254);

/** Makes a verified account with the role admin. `given` null = its password is made here and told once. */
export async function createAdmin(
  db: NodePgDatabase,
  { email, username }: { email: string; username: string },
  given: string | null,
): Promise<Told> {
  if (!emailSchema.safeParse(email).success) throw new Refused(`${email} is not an e-mail address`);
  if (!usernamePattern.test(username)) throw new Refused("a user name has 3 to 30 letters, digits, _ or -");
  const password = given ?? newPassword();
  const [problem] = passwordProblems(password);
  if (problem !== undefined) throw new Refused(problem);
  const passwordHash = await hashPassword(password, randomBytes(saltBytes));
  const { id } = await audited(db, async (transaction) => {
    const id = newId("usr");
    const isSame = or(sql`lower(${users.email}) = lower(${email})`, sql`lower(${users.username}) = lower(${username})`);
    if ((await transaction.select({ id: users.id }).from(users).where(isSame)).length > 0)
      throw new Refused("this e-mail address or user name has an account already; nothing was changed");
    const row = { id, email, username, passwordHash, role: "admin", planId: "pro", isVerified: true } as const;
    await transaction.insert(users).values(row);
    const detail = { role: "admin", plan: "pro" };
    return { id, deed: { action: "account.register", target: { kind: "user", id }, detail } } as const;
  });
  const words = `administrator ${username} <${email}> was made (${id})`;
  return given === null ? { words: `${words}; the password, shown this once:`, output: password } : { words };
}
