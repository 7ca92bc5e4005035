/** Queries about personal tokens: added within a limit, found by their hash or id, noted as used, revoked. */
import { and, count, desc, eq, gt, isNull, lt, or, sql } from "drizzle-orm";
import type { Account, Scope } from "../rules/principal.ts";
import { accountColumns } from "./account-columns.ts";
import type { Database } from "./database.ts";
import { personalTokens } from "./schema/access.ts";
import { plans, users } from "./schema/accounts.ts";

export interface PersonalToken {
  id: string;
  name: string;
  scopes: Scope[];
  createdAt: Date;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
}

export interface NewPersonalToken {
  id: string;
  userId: string;
  name: string;
  tokenHash: string;
  scopes: Scope[];
  createdAt: Date;
  expiresAt: Date;
}

export interface PersonalTokenInUse extends PersonalToken {
  revokedAt: Date | null;
  isDeleted: boolean;
  requestsPerMinute: number;
  account: Account;
}

const columns = {
  id: personalTokens.id,
  name: personalTokens.name,
  scopes: personalTokens.scopes,
  createdAt: personalTokens.createdAt,
  expiresAt: personalTokens.expiresAt,
  lastUsedAt: personalTokens.lastUsedAt,
};

/**
 * Adds a token unless its person has `maxLive` already; tells whether it did. The user's row is locked first: the
 * counting statement begins after the lock is held and so sees what those who held it before have added.
 */
export async function insertPersonalToken(db: Database, token: NewPersonalToken, maxLive: number): Promise<boolean> {
  const now = token.createdAt;
  const live = db
    .select({ total: count() })
    .from(personalTokens)
    .where(and(eq(personalTokens.userId, token.userId), isNull(personalTokens.revokedAt), isUnexpired(now)));
  const [, inserted] = await db.batch([
    db.execute(sql`select id from users where id = ${token.userId} for update`),
    db.execute(sql`
      insert into personal_tokens (id, user_id, name, token_hash, scopes, created_at, expires_at)
      select ${token.id}, ${token.userId}, ${token.name}, ${token.tokenHash},
        array(select jsonb_array_elements_text(${JSON.stringify(token.scopes)}::jsonb)),
        ${now.toISOString()}::timestamptz, ${token.expiresAt.toISOString()}::timestamptz
      where (${live}) < ${maxLive}::int
      returning id`),
  ]);
  return inserted.rows.length > 0;
}

/** The token with its person and what their plan allows, in one round trip; by the hash of its text, or by its id. */
export async function findPersonalToken(
  db: Database,
  by: { hash: string } | { id: string },
): Promise<PersonalTokenInUse | null> {
  const rows = await db
    .select({
      ...columns,
      revokedAt: personalTokens.revokedAt,
      isDeleted: sql<boolean>`${users.deletedAt} is not null`,
      requestsPerMinute: plans.requestsPerMinute,
      account: accountColumns,
    })
    .from(personalTokens)
    .innerJoin(users, eq(users.id, personalTokens.userId))
    .innerJoin(plans, eq(plans.id, users.planId))
    .where("hash" in by ? eq(personalTokens.tokenHash, by.hash) : eq(personalTokens.id, by.id));
  return rows[0] ?? null;
}

/** Tokens that were not revoked, the newest first; expired ones too, so that their owner sees why a program stopped. */
export async function listPersonalTokens(db: Database, userId: string): Promise<PersonalToken[]> {
  return db
    .select(columns)
    .from(personalTokens)
    .where(and(eq(personalTokens.userId, userId), isNull(personalTokens.revokedAt)))
    .orderBy(desc(personalTokens.createdAt), desc(personalTokens.id));
}

/** Revokes one token of this person; false = they have no such token that lives. */
export async function revokePersonalToken(db: Database, userId: string, id: string, now: Date): Promise<boolean> {
  const rows = await db
    .update(personalTokens)
    .set({ revokedAt: now })
    .where(and(eq(personalTokens.userId, userId), eq(personalTokens.id, id), isNull(personalTokens.revokedAt)))
    .returning({ id: personalTokens.id });
  return rows.length > 0;
}

/** The statement that revokes every token of a person; the caller runs it, alone or in a batch. */
export function personalTokensEnd(db: Database, userId: string, now: Date) {
  return db
    .update(personalTokens)
    .set({ revokedAt: now })
    .where(and(eq(personalTokens.userId, userId), isNull(personalTokens.revokedAt)));
}

/** Remembers that a token is in use; the row is written at most once in `afterMs`. */
export async function touchPersonalToken(db: Database, id: string, now: Date, afterMs: number): Promise<void> {
  const before = new Date(now.getTime() - afterMs);
  const isDue = or(isNull(personalTokens.lastUsedAt), lt(personalTokens.lastUsedAt, before));
  await db
    .update(personalTokens)
    .set({ lastUsedAt: now })
    .where(and(eq(personalTokens.id, id), isDue));
}

/** Removes tokens that were revoked or expired before `before`. */
export async function deleteOldPersonalTokens(db: Database, before: Date): Promise<void> {
  await db.delete(personalTokens).where(or(lt(personalTokens.revokedAt, before), lt(personalTokens.expiresAt, before)));
}

function isUnexpired(now: Date) {
  return or(isNull(personalTokens.expiresAt), gt(personalTokens.expiresAt, now));
}
