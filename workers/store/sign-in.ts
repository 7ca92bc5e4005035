/** Queries of signing in with a password: everything that decides it in one read, everything it changes in one batch. */
import { and, desc, eq, gt, inArray, isNull, lte, or, sql } from "drizzle-orm";
import type { Account } from "../rules/principal.ts";
import { accountColumns } from "./account-columns.ts";
import { type Credentials, onlyRow } from "./accounts.ts";
import { type Database, notNullViolation, sqlErrorIn } from "./database.ts";
import { knownDevices } from "./schema/access.ts";
import { loginAttempts, users } from "./schema/accounts.ts";
import { type NewSession, sessionBeginning } from "./sessions.ts";

export interface SignInQuestion {
  name: { kind: "email" | "username"; text: string };
  /** Whose wrong passwords count when nobody has this name. */
  strangerSubject: string;
  /** What the device may be known by, the surest first. */
  deviceHashes: readonly string[];
  /** A device last signed in from before this is not known any more. */
  knownSince: Date;
}

export interface SignInState {
  /** null = nobody has this name. */
  credentials: Credentials | null;
  /** Whose wrong passwords count: an account, one device of it, or a name nobody has. */
  subject: string;
  lockedUntil: Date | null;
}

/** What a login name leads to, from this device; one row and equal work whether or not somebody has the name. */
export async function findSignIn(db: Database, question: SignInQuestion): Promise<SignInState> {
  const { name, deviceHashes, knownSince, strangerSubject } = question;
  const column = name.kind === "email" ? users.email : users.username;
  const device = db
    .select({ hash: knownDevices.deviceHash })
    .from(knownDevices)
    .where(
      and(
        eq(knownDevices.userId, users.id),
        inArray(knownDevices.deviceHash, [...deviceHashes]),
        gt(knownDevices.signedInAt, knownSince),
      ),
    )
    .orderBy(desc(eq(knownDevices.deviceHash, deviceHashes[0] ?? "")))
    .limit(1)
    .as("device");
  const subject = sql<string>`coalesce(${users.id} || coalesce('/' || ${device.hash}, ''), ${strangerSubject})`;
  const rows = await db
    .select({
      account: accountColumns,
      passwordHash: users.passwordHash,
      subject,
      lockedUntil: loginAttempts.lockedUntil,
    })
    .from(sql`(values (1)) as asked`)
    .leftJoin(users, and(sql`lower(${column}) = lower(${name.text})`, isNull(users.deletedAt)))
    .leftJoinLateral(device, sql`true`)
    .leftJoin(loginAttempts, eq(loginAttempts.subject, subject));
  const [row] = rows;
  if (row === undefined) throw new Error("a sign-in is always answered with a row");
  const { account, passwordHash, ...state } = row;
  return { ...state, credentials: account === null ? null : { account, passwordHash } };
}

export interface SignIn {
  userId: string;
  subject: string;
  /** The hash that the password was compared with. */
  verifiedHash: string | null;
  /** A newer hash of the same password, or null to leave it. */
  newHash: string | null;
  now: Date;
}

/**
 * Records a sign-in: wrong attempts are forgotten, the session begins, a newer hash replaces the old one. Nothing of
 * that happens when the subject was locked meanwhile (of many guesses at once, none may win after the ones that locked
 * it), or when the password was: a session begun with the old one must not outlive the end of all its sessions.
 */
export async function recordSignIn(
  db: Database,
  signIn: SignIn,
  session: NewSession,
): Promise<Account | "locked" | "password_changed"> {
  const { userId, subject, verifiedHash, newHash, now } = signIn;
  const isOpen = or(isNull(loginAttempts.lockedUntil), lte(loginAttempts.lockedUntil, now));
  const isLocked = sql`exists (select 1 from ${loginAttempts} where ${loginAttempts.subject} = ${subject})`;
  const hash = newHash ?? verifiedHash;
  const isChanged = sql`(select ${users.passwordHash} from ${users} where ${users.id} = ${userId}) is distinct from ${hash}`;
  const owner = sql<string | null>`case when ${isLocked} or ${isChanged} then null else ${userId} end`;
  try {
    const [rows] = await db.batch([
      db
        .update(users)
        .set({ lastLoginAt: now, ...(newHash === null ? {} : { passwordHash: newHash }) })
        .where(and(eq(users.id, userId), sql`${users.passwordHash} is not distinct from ${verifiedHash}`))
        .returning(accountColumns),
      db.delete(loginAttempts).where(and(eq(loginAttempts.subject, subject), isOpen)),
      ...sessionBeginning(db, session, owner),
    ]);
    return onlyRow(rows);
  } catch (error) {
    if (sqlErrorIn(error)?.code !== notNullViolation) throw error;
    return (await isStill(db, userId, verifiedHash)) ? "locked" : "password_changed";
  }
}

async function isStill(db: Database, userId: string, hash: string | null): Promise<boolean> {
  const rows = await db.select({ hash: users.passwordHash }).from(users).where(eq(users.id, userId));
  return rows[0]?.hash === hash;
}
