/** Queries about sessions: one signed-in device each, and the family of its refresh tokens. */
import { and, desc, eq, gt, isNull, lt, ne, or, type SQL, sql } from "drizzle-orm";
import type { Account } from "../rules/principal.ts";
import { accountColumns } from "./account-columns.ts";
import type { Database } from "./database.ts";
import { deviceUpserts } from "./devices.ts";
import { builtOnce } from "./prepared.ts";
import { plans, sessions, users } from "./schema/accounts.ts";

export interface NewSession {
  id: string;
  userId: string;
  refreshJtiHash: string;
  /** Whole seconds, as in the token. */
  refreshIssuedAt: Date;
  refreshExpiresAt: Date;
  absoluteExpiresAt: Date;
  userAgent: string | null;
  address: string | null;
  /** What the device is known by from now on (rules/devices.ts). */
  deviceHashes: readonly string[];
  createdAt: Date;
  /** How the person proved who they are; left out = by password. */
  method?: "password" | "google";
}

export interface SessionRow {
  id: string;
  userId: string;
  createdAt: Date;
  lastSeenAt: Date;
  endedAt: Date | null;
  absoluteExpiresAt: Date;
  isDeleted: boolean;
  requestsPerMinute: number;
  account: Account;
}

export type EndReason =
  | "logout"
  | "logout_all"
  | "ended_by_owner"
  | "identity_linked"
  | "password_changed"
  | "password_reset"
  | "refresh_replayed"
  | "account_deleted";

/** The session with its person and what their plan allows, in one round trip. */
export async function findSession(db: Database, sessionId: string): Promise<SessionRow | null> {
  const rows = await sessionQuery(db).execute({ sessionId });
  return rows[0] ?? null;
}

const sessionQuery = builtOnce((db) =>
  db
    .select({
      id: sessions.id,
      userId: sessions.userId,
      createdAt: sessions.createdAt,
      lastSeenAt: sessions.lastSeenAt,
      endedAt: sessions.endedAt,
      absoluteExpiresAt: sessions.absoluteExpiresAt,
      isDeleted: sql<boolean>`${users.deletedAt} is not null`,
      requestsPerMinute: plans.requestsPerMinute,
      account: accountColumns,
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .innerJoin(plans, eq(plans.id, users.planId))
    .where(eq(sessions.id, sql.placeholder("sessionId")))
    .prepare("session"),
);

/**
 * The statements that begin a session and make its device known; the caller runs them in a batch. `owner` decides in
 * SQL whose it is: where that is null the batch fails with SQLSTATE 23502 and changes nothing.
 */
export function sessionBeginning(db: Database, session: NewSession, owner?: SQL<string | null>) {
  const { deviceHashes, ...row } = session;
  const insert = db.insert(sessions).values({ ...row, userId: owner ?? row.userId, lastSeenAt: row.createdAt });
  return [insert, ...deviceUpserts(db, row.userId, deviceHashes, row.createdAt)] as const;
}

/** The statement that ends the live sessions of a user: all, one, or all but one. Answers their ids. */
export function sessionEnd(
  db: Database,
  which: { userId: string; sessionId?: string; exceptSessionId?: string },
  reason: EndReason,
  now: Date,
) {
  const { userId, sessionId, exceptSessionId } = which;
  const conditions: (SQL | undefined)[] = [eq(sessions.userId, userId), isNull(sessions.endedAt)];
  if (sessionId !== undefined) conditions.push(eq(sessions.id, sessionId));
  if (exceptSessionId !== undefined) conditions.push(ne(sessions.id, exceptSessionId));
  return db
    .update(sessions)
    .set({ endedAt: now, endedReason: reason })
    .where(and(...conditions))
    .returning({ id: sessions.id });
}

export interface OwnSession {
  id: string;
  createdAt: Date;
  lastSeenAt: Date;
  address: string | null;
  userAgent: string | null;
  method: "password" | "google";
}

/** Sessions of a person that can still be used or refreshed, the one seen last first. */
export async function listSessions(db: Database, userId: string, now: Date, limit: number): Promise<OwnSession[]> {
  const { id, createdAt, lastSeenAt, address, userAgent, method } = sessions;
  return db
    .select({ id, createdAt, lastSeenAt, address, userAgent, method })
    .from(sessions)
    .where(and(eq(sessions.userId, userId), isNull(sessions.endedAt), gt(sessions.refreshExpiresAt, now)))
    .orderBy(desc(sessions.lastSeenAt), desc(id))
    .limit(limit);
}

/** Remembers that a session is in use; the row is written at most once in `afterMs`. */
export async function touchSession(db: Database, sessionId: string, now: Date, afterMs: number): Promise<void> {
  const before = new Date(now.getTime() - afterMs);
  await db
    .update(sessions)
    .set({ lastSeenAt: now })
    .where(and(eq(sessions.id, sessionId), lt(sessions.lastSeenAt, before)));
}

export interface Rotation {
  sessionId: string;
  userId: string;
  shownJtiHash: string;
  successorJtiHash: string;
  now: Date;
  refreshSeconds: number;
  graceSeconds: number;
}

export type RotationOutcome =
  | { kind: "successor"; refreshIssuedAt: Date; refreshExpiresAt: Date }
  | { kind: "replayed" }
  | { kind: "no_session" };

/**
 * Rotates a session's refresh token in one statement, so that racing requests queue at the row and each sees what
 * the one before it left: the live token moves the session on, the one before it within the grace window is told
 * the same successor, and any other ends the family.
 */
export async function rotateRefreshToken(db: Database, rotation: Rotation): Promise<RotationOutcome> {
  const { shownJtiHash, successorJtiHash, graceSeconds } = rotation;
  const now = sql`${rotation.now.toISOString()}::timestamptz`;
  const issuedAt = sql`date_trunc('second', ${now})`;
  const expiresAt = sql`${issuedAt} + make_interval(secs => ${rotation.refreshSeconds})`;
  const isLive = sql`${sessions.refreshJtiHash} = ${shownJtiHash}`;
  const isInGrace = sql`${sessions.previousJtiHash} is not distinct from ${shownJtiHash}
    and ${sessions.rotatedAt} > ${now} - make_interval(secs => ${graceSeconds})`;
  const isKnown = sql`(${isLive} or (${isInGrace}))`;
  const rows = await db
    .update(sessions)
    .set({
      refreshJtiHash: sql`case when ${isLive} then ${successorJtiHash} else ${sessions.refreshJtiHash} end`,
      previousJtiHash: sql`case when ${isLive} then ${shownJtiHash} else ${sessions.previousJtiHash} end`,
      refreshIssuedAt: sql`case when ${isLive} then ${issuedAt} else ${sessions.refreshIssuedAt} end`,
      refreshExpiresAt: sql`case when ${isLive} then least(${expiresAt}, date_trunc('second', ${sessions.absoluteExpiresAt}))
        else ${sessions.refreshExpiresAt} end`,
      rotatedAt: sql`case when ${isLive} then ${now} else ${sessions.rotatedAt} end`,
      lastSeenAt: rotation.now,
      endedAt: sql`case when ${isKnown} then null else ${now} end`,
      endedReason: sql`case when ${isKnown} then null else 'refresh_replayed' end`,
    })
    .from(users)
    .where(
      and(
        eq(sessions.id, rotation.sessionId),
        eq(sessions.userId, rotation.userId),
        eq(users.id, sessions.userId),
        eq(users.isActive, true),
        isNull(users.deletedAt),
        isNull(sessions.endedAt),
        gt(sessions.absoluteExpiresAt, rotation.now),
      ),
    )
    .returning({
      endedAt: sessions.endedAt,
      refreshIssuedAt: sessions.refreshIssuedAt,
      refreshExpiresAt: sessions.refreshExpiresAt,
    });
  const [row] = rows;
  if (row === undefined) return { kind: "no_session" };
  const { endedAt, refreshIssuedAt, refreshExpiresAt } = row;
  return endedAt === null ? { kind: "successor", refreshIssuedAt, refreshExpiresAt } : { kind: "replayed" };
}

/** Removes sessions that ended, or could not be refreshed any more, before `before`. */
export async function deleteOldSessions(db: Database, before: Date): Promise<void> {
  await db.delete(sessions).where(or(lt(sessions.endedAt, before), lt(sessions.refreshExpiresAt, before)));
}
