/** Queries about identities at an OpenID provider: whose they are, linked to an account, or begun with a new one. */
import { and, eq, isNull, type SQL, sql } from "drizzle-orm";
import type { ProviderIdentity } from "../rules/identities.ts";
import type { Account } from "../rules/principal.ts";
import { accountColumns } from "./account-columns.ts";
import { onlyRow } from "./accounts.ts";
import type { Database } from "./database.ts";
import { personalTokensEnd } from "./personal-tokens.ts";
import { identities, knownDevices } from "./schema/access.ts";
import { users } from "./schema/accounts.ts";
import { type NewSession, sessionBeginning, sessionEnd } from "./sessions.ts";

export type IdentityMatch =
  | { kind: "linked"; account: Account }
  /** An account of the same e-mail address, which another identity may have been linked to. */
  | { kind: "same_email"; account: Account; isProven: boolean; hasOther: boolean }
  | { kind: "nobody" };

/** Whose an identity is: by issuer and subject, or else by the e-mail address. One round trip. */
export async function findIdentity(db: Database, identity: ProviderIdentity): Promise<IdentityMatch> {
  const { issuer, subject, email } = identity;
  const hasOther = sql<boolean>`exists (select 1 from ${identities} where ${identities.userId} = ${users.id}
    and (${identities.issuer}, ${identities.subject}) <> (${issuer}, ${subject}))`;
  const isProven = sql<boolean>`${users.emailProvenAt} is not null`;
  const [[linked], [same]] = await db.batch([
    db
      .select(accountColumns)
      .from(identities)
      .innerJoin(users, eq(users.id, identities.userId))
      .where(and(eq(identities.issuer, issuer), eq(identities.subject, subject), isNull(users.deletedAt))),
    db
      .select({ account: accountColumns, isProven, hasOther })
      .from(users)
      .where(and(sql`lower(${users.email}) = lower(${email})`, isNull(users.deletedAt))),
  ]);
  if (linked !== undefined) return { kind: "linked", account: linked };
  return same === undefined ? { kind: "nobody" } : { kind: "same_email", ...same };
}

/** Begins a session of a person by an identity that is theirs. */
export async function recordIdentitySignIn(
  db: Database,
  signIn: { userId: string; identity: ProviderIdentity; now: Date },
  session: NewSession,
): Promise<Account> {
  const { userId, identity, now } = signIn;
  const { issuer, subject, email } = identity;
  const [rows] = await db.batch([
    db.update(users).set({ lastLoginAt: now }).where(eq(users.id, userId)).returning(accountColumns),
    db
      .update(identities)
      .set({ lastUsedAt: now, email })
      .where(and(eq(identities.issuer, issuer), eq(identities.subject, subject))),
    ...sessionBeginning(db, session),
  ]);
  return onlyRow(rows);
}

/**
 * Links an identity to the account of its e-mail address and begins a session. `isTakenOver`: nobody ever showed that
 * the address is theirs, so whatever opened the account until now (password, sessions, personal tokens, known
 * devices) may be a stranger's and ends. Fails with SQLSTATE 23505 when the identity was linked meanwhile, and with 23502
 * when another one was: the account's row is locked first, so that of two the second sees the first.
 */
export async function linkIdentity(
  db: Database,
  link: { userId: string; identity: ProviderIdentity; isTakenOver: boolean; now: Date },
  session: NewSession,
): Promise<Account> {
  const { userId, identity, isTakenOver, now } = link;
  const ending = isTakenOver
    ? [
        sessionEnd(db, { userId, exceptSessionId: session.id }, "identity_linked", now),
        personalTokensEnd(db, userId, now),
        db.delete(knownDevices).where(eq(knownDevices.userId, userId)),
      ]
    : [];
  const [rows] = await db.batch([
    db
      .update(users)
      .set({
        isVerified: true,
        emailProvenAt: sql`coalesce(${users.emailProvenAt}, ${now.toISOString()}::timestamptz)`,
        lastLoginAt: now,
        ...(isTakenOver ? { passwordHash: null } : {}),
      })
      .where(eq(users.id, userId))
      .returning(accountColumns),
    identityInsert(db, userId, identity, now, ownerWithoutIdentity(userId)),
    ...ending,
    ...sessionBeginning(db, session),
  ]);
  return onlyRow(rows);
}

export interface NewIdentityAccount {
  id: string;
  username: string;
  identity: ProviderIdentity;
  now: Date;
}

/**
 * Adds a person who has no password, with their identity and first session, all or nothing. Fails with SQLSTATE 23505
 * when the user name is taken, or when the address or the identity became somebody's meanwhile.
 */
export async function insertIdentityAccount(
  db: Database,
  account: NewIdentityAccount,
  session: NewSession,
): Promise<Account> {
  const { id, username, identity, now } = account;
  const { email, name: fullName } = identity;
  const times = { emailProvenAt: now, createdAt: now, updatedAt: now, lastLoginAt: now };
  const [rows] = await db.batch([
    db
      .insert(users)
      .values({ id, username, email, fullName, isVerified: true, ...times })
      .returning(accountColumns),
    identityInsert(db, id, identity, now),
    ...sessionBeginning(db, session),
  ]);
  return onlyRow(rows);
}

function identityInsert(
  db: Database,
  userId: string,
  identity: ProviderIdentity,
  now: Date,
  owner?: SQL<string | null>,
) {
  const { issuer, subject, email } = identity;
  const values = { issuer, subject, userId: owner ?? userId, email, createdAt: now, lastUsedAt: now };
  return db.insert(identities).values(values);
}

/** The account's id; null, which no identity can have, once one is linked to it. */
function ownerWithoutIdentity(userId: string) {
  const isLinked = sql`exists (select 1 from ${identities} where ${identities.userId} = ${userId})`;
  return sql<string | null>`case when ${isLinked} then null else ${userId} end`;
}
