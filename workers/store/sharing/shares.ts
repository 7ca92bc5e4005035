/** Queries about what an owner has offered: added within a limit, listed, changed, ended, and swept when it is over. */
import { and, asc, desc, eq, gt, isNull, lt, lte, sql } from "drizzle-orm";
import type { GuestRole } from "../../../durable-objects/protocol/vocabulary.ts";
import type { ShareKind } from "../../rules/sharing.ts";
import type { Database } from "../database.ts";
import { users } from "../schema/accounts.ts";
import { shareGuests, shares } from "../schema/sharing.ts";
import { sinceNow } from "./untold.ts";

export interface Guest {
  userId: string;
  username: string;
  acceptedAt: Date;
}

export interface Share {
  id: string;
  kind: ShareKind;
  role: GuestRole;
  addressee: string | null;
  createdAt: Date;
  expiresAt: Date;
  /** The first of them, in the order they came. */
  guests: Guest[];
}

export interface NewShare {
  id: string;
  environmentId: string;
  createdBy: string;
  kind: ShareKind;
  role: GuestRole;
  addressee: string | null;
  secretHash: string | null;
  createdAt: Date;
  expiresAt: Date;
}

/**
 * Adds a share unless its environment has `maxLive` already, or one for the same user name, in any case, that lives. The
 * environment's row is locked first, so that the statements after it see what others have added. A user name is looked up
 * here, and nobody is told whether it was found.
 */
export async function insertShare(
  db: Database,
  share: NewShare,
  maxLive: number,
): Promise<"inserted" | "full" | "offered_already"> {
  const now = sql`${share.createdAt.toISOString()}::timestamptz`;
  const live = sql`select id from shares where environment_id = ${share.environmentId} and expires_at > ${now}`;
  const same = sql`${live} and ${share.kind} = 'user' and kind = 'user' and lower(addressee) = lower(${share.addressee})`;
  const [, already, inserted] = await db.batch([
    db.execute(sql`select id from environments where id = ${share.environmentId} for no key update`),
    db.execute(same),
    db.execute(sql`
      insert into shares (id, environment_id, created_by, kind, role, grantee_id, addressee, secret_hash, created_at,
        expires_at)
      select ${share.id}, ${share.environmentId}, ${share.createdBy}, ${share.kind}, ${share.role},
        (select id from users where ${share.kind} = 'user' and lower(username) = lower(${share.addressee})
          and deleted_at is null),
        ${share.addressee}, ${share.secretHash}, ${now}, ${share.expiresAt.toISOString()}::timestamptz
      where (select count(*) from (${live}) live) < ${maxLive}::int and not exists (${same})
      returning id`),
  ]);
  if (inserted.rows.length > 0) return "inserted";
  return already.rows.length > 0 ? "offered_already" : "full";
}

/** The shares of an environment that live, the newest first, with their guests. */
export async function listShares(db: Database, environmentId: string, now: Date): Promise<Share[]> {
  const isLive = and(eq(shares.environmentId, environmentId), gt(shares.expiresAt, now));
  const [rows, guests] = await db.batch([
    db.select(columns).from(shares).where(isLive).orderBy(desc(shares.createdAt), desc(shares.id)),
    db
      .select({
        shareId: shareGuests.shareId,
        userId: users.id,
        username: users.username,
        acceptedAt: shareGuests.acceptedAt,
      })
      .from(shares)
      .innerJoin(shareGuests, eq(shareGuests.shareId, shares.id))
      .innerJoin(users, eq(users.id, shareGuests.userId))
      .where(isLive)
      .orderBy(asc(shareGuests.acceptedAt), asc(users.id)),
  ]);
  const guestsOf = Map.groupBy(guests, ({ shareId }) => shareId);
  return rows.map((row) => ({
    ...row,
    guests: (guestsOf.get(row.id) ?? []).map(({ shareId: _share, ...guest }) => guest),
  }));
}

const columns = {
  id: shares.id,
  kind: shares.kind,
  role: shares.role,
  addressee: shares.addressee,
  createdAt: shares.createdAt,
  expiresAt: shares.expiresAt,
};

/** Gives a share that lives another role and notes its guests as untold; false = the environment has no such share. */
export async function changeShareRole(
  db: Database,
  share: { environmentId: string; id: string; role: GuestRole; now: Date },
): Promise<boolean> {
  const now = sql`${share.now.toISOString()}::timestamptz`;
  const { rows } = await db.execute(sql`
    with changed as (
      update shares set role = ${share.role}
      where id = ${share.id} and environment_id = ${share.environmentId} and expires_at > ${now}
      returning id, environment_id
    ),
    noted as (
      insert into untold_guests (environment_id, user_id, since)
      select c.environment_id, g.user_id, ${now} from changed c join share_guests g on g.share_id = c.id
      ${sinceNow}
    )
    select id from changed`);
  return rows.length > 0;
}

/** Ends a share that lives; false = the environment has no such share. */
export async function revokeShare(db: Database, environmentId: string, id: string, now: Date): Promise<boolean> {
  const rows = await db
    .update(shares)
    .set({ revokedAt: now, expiresAt: now })
    .where(isLiveShare(environmentId, id, now))
    .returning({ id: shares.id });
  return rows.length > 0;
}

function isLiveShare(environmentId: string, id: string, now: Date) {
  return and(eq(shares.id, id), eq(shares.environmentId, environmentId), gt(shares.expiresAt, now));
}

/** Who has accepted a share. */
export async function guestIdsOf(db: Database, shareId: string): Promise<string[]> {
  const rows = await db
    .select({ userId: shareGuests.userId })
    .from(shareGuests)
    .where(eq(shareGuests.shareId, shareId));
  return rows.map(({ userId }) => userId);
}

/** Shares that are over and whose guests' sockets were not yet closed, the longest over first. */
export async function listUnclosed(
  db: Database,
  now: Date,
  limit: number,
): Promise<{ id: string; environmentId: string }[]> {
  return db
    .select({ id: shares.id, environmentId: shares.environmentId })
    .from(shares)
    .where(and(isNull(shares.closedAt), lte(shares.expiresAt, now)))
    .orderBy(asc(shares.expiresAt))
    .limit(limit);
}

/** Notes that the sockets of a share that is over were closed. */
export async function noteClosed(db: Database, id: string, now: Date): Promise<void> {
  await db
    .update(shares)
    .set({ closedAt: now })
    .where(and(eq(shares.id, id), lte(shares.expiresAt, now)));
}

/** Removes shares whose sockets were closed before `before`. */
export async function deleteOldShares(db: Database, before: Date): Promise<void> {
  await db.delete(shares).where(lt(shares.closedAt, before));
}
