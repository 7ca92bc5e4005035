/**
 * People who have signed up: the same rows and tokens that registering makes, without its work for the password,
 * which is hashed once for all of them (scrypt is slow on purpose; register.test.ts registers for real).
 */

import { newSession } from "../../../workers/domain/accounts/session-tokens.ts";
import { hashPassword, saltBytes } from "../../../workers/rules/passwords.ts";
import { insertAccount } from "../../../workers/store/accounts.ts";
import { newDeps } from "./deps.ts";

export interface Person {
  username: string;
  email: string;
  password: string;
  userId: string;
  accessToken: string;
  refreshToken: string;
}

const password = "SecurePass123!";
let hashed: Promise<string> | null = null;

/** Somebody new, verified, on the free plan, signed in once from `address`. */
export async function signedUpPerson(username: string, address: string): Promise<Person> {
  const deps = newDeps();
  hashed ??= hashPassword(password, deps.randomBytes(saltBytes));
  const userId = deps.newId("usr");
  const email = `${username}@example.com`;
  const { session, tokens } = await newSession(deps, userId, { address, userAgent: null, cookie: null });
  const names = { id: userId, username, email, fullName: null };
  await insertAccount(deps.db, { ...names, passwordHash: await hashed, isVerified: true, now: deps.now() }, session);
  return { username, email, password, userId, accessToken: tokens.access_token, refreshToken: tokens.refresh_token };
}
