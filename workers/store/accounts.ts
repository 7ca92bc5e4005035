/** Queries about people: found, added, changed, made unrecognisable when they leave. */
import { and, eq, inArray, isNull, or, sql } from "drizzle-orm";
import type { Account } from "../rules/principal.ts";
import { accountColumns } from "./account-columns.ts";
import type { Database } from "./database.ts";
import { attemptsForgetting } from "./login-attempts.ts";
import { personalTokensEnd } from "./personal-tokens.ts";
import { identities, knownDevices, mailSecrets, personalTokens } from "./schema/access.ts";
import { users } from "./schema/accounts.ts";
import { shareGuests, shares } from "./schema/sharing.ts";
import { type NewSession, sessionBeginning, sessionEnd } from "./sessions.ts";

export interface Credentials {
  account: Account;
  /** PHC string, or null for people who only sign in elsewhere. */
  passwordHash: string | null;
}

export interface NewAccount {
  id: string;
  username: string;
  email: string;
  fullName: string | null;
  passwordHash: string;
  isVerified: boolean;
  now: Date;
}

export interface ProfileChange {
  username?: string | undefined;
  fullName?: string | null | undefined;
  avatarUrl?: string | null | undefined;
}

export const credentialColumns = { account: accountColumns, passwordHash: users.passwordHash };

/** The live account of an e-mail address, without regard to case. */
export async function findAccountByEmail(db: Database, email: string): Promise<Account | null> {
  const rows = await db
    .select(accountColumns)
    .from(users)
    .where(and(sql`lower(${users.email}) = lower(${email})`, isNull(users.deletedAt)));
  return rows[0] ?? null;
}

export async function findCredentials(db: Database, userId: string): Promise<Credentials | null> {
  const rows = await db
    .select(credentialColumns)
    .from(users)
    .where(and(eq(users.id, userId), isNull(users.deletedAt)));
  return rows[0] ?? null;
}

/** Adds a person with their first session, both or neither. Fails with SQLSTATE 23505 when a name is taken. */
export async function insertAccount(db: Database, account: NewAccount, session: NewSession): Promise<Account> {
  const { now, ...values } = account;
  const [rows] = await db.batch([
    db
      .insert(users)
      .values({ ...values, createdAt: now, updatedAt: now, lastLoginAt: now })
      .returning(accountColumns),
    ...sessionBeginning(db, session),
  ]);
  return onlyRow(rows);
}

/**
 * Fields left out stay as they are. null = the profile is no longer the one that was `seen`. Fails with SQLSTATE 23505
 * when the user name is taken.
 */
export async function updateProfile(
  db: Database,
  { userId, change, seen, now }: { userId: string; change: ProfileChange; seen: Account | null; now: Date },
): Promise<Account | null> {
  const rows = await db
    .update(users)
    .set({ ...change, updatedAt: now })
    .where(and(eq(users.id, userId), seen === null ? undefined : hasProfile(seen)))
    .returning(accountColumns);
  return seen === null ? onlyRow(rows) : (rows[0] ?? null);
}

function hasProfile({ username, fullName, avatarUrl }: Account) {
  return and(
    eq(users.username, username),
    sql`${users.fullName} is not distinct from ${fullName}`,
    sql`${users.avatarUrl} is not distinct from ${avatarUrl}`,
  );
}

/** Changes the password, ends every session but one and revokes every personal token, in one transaction. */
export async function updatePassword(
  db: Database,
  change: { userId: string; passwordHash: string; keepSessionId: string; now: Date },
): Promise<void> {
  await db.batch([
    db
      .update(users)
      .set({ passwordHash: change.passwordHash, updatedAt: change.now })
      .where(eq(users.id, change.userId)),
    sessionEnd(db, { userId: change.userId, exceptSessionId: change.keepSessionId }, "password_changed", change.now),
    personalTokensEnd(db, change.userId, change.now),
  ]);
}

/** Ends every session and token and leaves a row that names nobody, so that what refers to it stays whole. */
export async function anonymizeAccount(db: Database, userId: string, now: Date): Promise<void> {
  await db.batch([
    db
      .update(users)
      .set({
        username: sql`'deleted-' || ${users.id}`,
        email: sql`${users.id} || '@deleted.invalid'`,
        fullName: null,
        avatarUrl: null,
        passwordHash: null,
        isActive: false,
        updatedAt: now,
        deletedAt: now,
      })
      .where(eq(users.id, userId)),
    sessionEnd(db, { userId }, "account_deleted", now),
    db.delete(personalTokens).where(eq(personalTokens.userId, userId)),
    db.delete(identities).where(eq(identities.userId, userId)),
    attemptsForgetting(db, userId),
    db.delete(knownDevices).where(eq(knownDevices.userId, userId)),
    db.delete(mailSecrets).where(eq(mailSecrets.userId, userId)),
    db.delete(shares).where(ofPerson(db, userId)),
    db.delete(shareGuests).where(eq(shareGuests.userId, userId)),
  ]);
}

/** Shares that somebody made, and those that name them: by their id, or by an address that they have shown to be theirs. */
function ofPerson(db: Database, userId: string) {
  const accepted = db.select({ id: shareGuests.shareId }).from(shareGuests).where(eq(shareGuests.userId, userId));
  const isTheirAddress = and(eq(shares.kind, "email"), inArray(shares.id, accepted));
  return or(eq(shares.createdBy, userId), eq(shares.granteeId, userId), isTheirAddress);
}

/** The row of an account that must be there. */
export function onlyRow(rows: Account[]): Account {
  const [row] = rows;
  if (row === undefined) throw new Error("the account's row is gone");
  return row;
}
