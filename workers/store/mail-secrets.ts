/**
 * Queries about secrets that were mailed. There is one row for each person and purpose, so a newer mail ends the older
 * one; whether a secret may be issued or used is decided by the one statement that issues or uses it.
 */
import { and, eq, gt, inArray, isNull, lt, lte, sql } from "drizzle-orm";
import type { MailPurpose } from "../rules/mail-secrets.ts";
import type { Database } from "./database.ts";
import { knownDevices, mailSecrets, personalTokens } from "./schema/access.ts";
import { loginAttempts, sessions, users } from "./schema/accounts.ts";

export interface NewMailSecret {
  id: string;
  userId: string;
  purpose: MailPurpose;
  tokenHash: string;
  codeHash: string | null;
  createdAt: Date;
  expiresAt: Date;
}

/** Keeps a new secret in the older one's place, unless that was issued after `notSince`; tells whether it did. */
export async function issueMailSecret(db: Database, secret: NewMailSecret, notSince: Date): Promise<boolean> {
  const { userId: _user, purpose: _purpose, ...fresh } = secret;
  const rows = await db
    .insert(mailSecrets)
    .values(secret)
    .onConflictDoUpdate({
      target: [mailSecrets.userId, mailSecrets.purpose],
      set: { ...fresh, attempts: 0, usedAt: null },
      setWhere: lte(mailSecrets.createdAt, notSince),
    })
    .returning({ id: mailSecrets.id });
  return rows.length > 0;
}

/** Whether a token could be used now; using it decides. */
export async function isMailTokenGood(
  db: Database,
  token: { hash: string; purpose: MailPurpose; now: Date },
): Promise<boolean> {
  const rows = await db.select({ id: mailSecrets.id }).from(mailSecrets).where(isGoodToken(token));
  return rows.length > 0;
}

/** Uses the token of a link: the person's address is verified from now on. Their id, or null when it is no good. */
export async function verifyByToken(db: Database, token: { hash: string; now: Date }): Promise<string | null> {
  const used = usedSecret(db, token.now, isGoodToken({ ...token, purpose: "verify_email" }));
  const rows = await db
    .with(used)
    .update(users)
    .set(provenAt(token.now))
    .from(used)
    .where(and(eq(users.id, used.userId), isLiving))
    .returning({ id: users.id });
  return rows[0]?.id ?? null;
}

export interface TypedCode {
  userId: string;
  code: string;
  tries: number;
  /** A code issued before this is no good any more. */
  notBefore: Date;
  now: Date;
}

/** The same by the code of the mail; a wrong one is counted, and after so many the code is dead. */
export async function verifyByCode(db: Database, typed: TypedCode): Promise<boolean> {
  const { userId, code, tries, notBefore, now } = typed;
  const isRight = sql`encode(sha256(convert_to(${mailSecrets.id} || ':' || ${code}, 'UTF8')), 'hex') = ${mailSecrets.codeHash}`;
  const tried = db.$with("tried").as(
    db
      .update(mailSecrets)
      .set({
        usedAt: sql`case when ${isRight} then ${now.toISOString()}::timestamptz end`,
        attempts: sql`${mailSecrets.attempts} + case when ${isRight} then 0 else 1 end`,
      })
      .where(
        and(
          eq(mailSecrets.userId, userId),
          eq(mailSecrets.purpose, "verify_email"),
          isNull(mailSecrets.usedAt),
          gt(mailSecrets.createdAt, notBefore),
          lt(mailSecrets.attempts, tries),
        ),
      )
      .returning({ userId: mailSecrets.userId, usedAt: mailSecrets.usedAt }),
  );
  const rows = await db
    .with(tried)
    .update(users)
    .set(provenAt(now))
    .from(tried)
    .where(and(eq(users.id, tried.userId), sql`${tried.usedAt} is not null`, isLiving))
    .returning({ id: users.id });
  return rows.length > 0;
}

/**
 * Uses the token of a reset: the password is replaced, whatever was open with the old one ends (sessions, personal
 * tokens), locks are forgotten, and the address is proven. All in one statement, after the lock of the person's row:
 * a login with the old password that holds it commits first, and the statement sees and ends its session. The person's
 * id, or null.
 */
export async function resetByToken(
  db: Database,
  token: { hash: string; passwordHash: string; now: Date },
): Promise<string | null> {
  const { now, passwordHash } = token;
  const used = usedSecret(db, now, isGoodToken({ ...token, purpose: "reset_password" }));
  const changed = db.$with("changed").as(
    db
      .update(users)
      .set({ ...provenAt(now), passwordHash })
      .from(used)
      .where(and(eq(users.id, used.userId), isLiving))
      .returning({ id: users.id }),
  );
  const person = sql`(select id from changed)`;
  const ended = db.$with("ended").as(
    db
      .update(sessions)
      .set({ endedAt: now, endedReason: "password_reset" })
      .where(and(eq(sessions.userId, person), isNull(sessions.endedAt)))
      .returning({ id: sessions.id }),
  );
  const revoked = db.$with("revoked").as(
    db
      .update(personalTokens)
      .set({ revokedAt: now })
      .where(and(eq(personalTokens.userId, person), isNull(personalTokens.revokedAt)))
      .returning({ id: personalTokens.id }),
  );
  const forgotten = db.$with("forgotten").as(
    db
      .delete(loginAttempts)
      .where(sql`${loginAttempts.subject} in (select id from changed union all
        select ${knownDevices.userId} || '/' || ${knownDevices.deviceHash} from ${knownDevices}
        where ${knownDevices.userId} = ${person})`)
      .returning({ subject: loginAttempts.subject }),
  );
  const owner = db.select({ id: mailSecrets.userId }).from(mailSecrets).where(eq(mailSecrets.tokenHash, token.hash));
  const [, rows] = await db.batch([
    db.select({ id: users.id }).from(users).where(inArray(users.id, owner)).for("no key update"),
    db.with(used, changed, ended, revoked, forgotten).select({ id: changed.id }).from(changed),
  ]);
  return rows[0]?.id ?? null;
}

/** Forgets secrets that expired before `before`, used or not. */
export async function deleteOldMailSecrets(db: Database, before: Date): Promise<void> {
  await db.delete(mailSecrets).where(lt(mailSecrets.expiresAt, before));
}

const isLiving = and(eq(users.isActive, true), isNull(users.deletedAt));

function isGoodToken({ hash, purpose, now }: { hash: string; purpose: MailPurpose; now: Date }) {
  return and(
    eq(mailSecrets.tokenHash, hash),
    eq(mailSecrets.purpose, purpose),
    isNull(mailSecrets.usedAt),
    gt(mailSecrets.expiresAt, now),
  );
}

function usedSecret(db: Database, now: Date, isGood: ReturnType<typeof isGoodToken>) {
  return db
    .$with("used")
    .as(db.update(mailSecrets).set({ usedAt: now }).where(isGood).returning({ userId: mailSecrets.userId }));
}

function provenAt(now: Date) {
  const emailProvenAt = sql`coalesce(${users.emailProvenAt}, ${now.toISOString()}::timestamptz)`;
  return { isVerified: true, emailProvenAt, updatedAt: now };
}
