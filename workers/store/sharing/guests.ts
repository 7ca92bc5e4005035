/** Queries of guests: a share found by its secret or for somebody, accepted, left, and all that somebody was offered. */
import { and, desc, eq, gt, isNotNull, isNull, not, sql } from "drizzle-orm";
import { unionAll } from "drizzle-orm/pg-core";
import { z } from "zod";
import type { GuestRole } from "../../../durable-objects/protocol/vocabulary.ts";
import { type ShareKind, shareKinds } from "../../rules/sharing.ts";
import type { Database } from "../database.ts";
import { type LifecycleRow, lifecycleColumns } from "../environments/cluster-view.ts";
import { users } from "../schema/accounts.ts";
import { templates } from "../schema/catalog.ts";
import { environments } from "../schema/environments.ts";
import { shareGuests, shares } from "../schema/sharing.ts";
import { sinceNow } from "./untold.ts";

/** A share as whoever was offered it sees it. */
export interface Offer {
  id: string;
  kind: ShareKind;
  role: GuestRole;
  addressee: string | null;
  granteeId: string | null;
  expiresAt: Date;
  /** null = not yet. */
  acceptedAt: Date | null;
  owner: { id: string; username: string };
  environment: LifecycleRow & { name: string; templateId: string; templateName: string };
}

/** A share that lives, by the hash of its secret or by its id, as this person sees it. */
export async function findOffer(
  db: Database,
  by: { secretHash: string } | { id: string },
  userId: string,
  now: Date,
): Promise<Offer | null> {
  const isIt = "id" in by ? eq(shares.id, by.id) : eq(shares.secretHash, by.secretHash);
  const [offer] = await offers(db, userId).where(and(isIt, isOpen(userId, now)));
  return offer ?? null;
}

/** Everything that somebody has accepted, and after that what was offered to their name, each the newest first. */
export async function listOffers(db: Database, userId: string, now: Date, limit: number): Promise<Offer[]> {
  const accepted = db.select({ id: shareGuests.shareId }).from(shareGuests).where(eq(shareGuests.userId, userId));
  const meant = db
    .select({ id: shares.id })
    .from(shares)
    .where(and(isNotNull(shares.granteeId), eq(shares.granteeId, userId)));
  return offers(db, userId)
    .where(and(sql`${shares.id} in ${unionAll(accepted, meant)}`, isOpen(userId, now)))
    .orderBy(sql`${shareGuests.acceptedAt} is null`, desc(shares.createdAt), desc(shares.id))
    .limit(limit);
}

function offers(db: Database, userId: string) {
  return db
    .select({
      id: shares.id,
      kind: shares.kind,
      role: shares.role,
      addressee: shares.addressee,
      granteeId: shares.granteeId,
      expiresAt: shares.expiresAt,
      acceptedAt: shareGuests.acceptedAt,
      owner: { id: users.id, username: users.username },
      environment: {
        ...lifecycleColumns,
        name: environments.name,
        templateId: environments.templateId,
        templateName: templates.displayName,
      },
    })
    .from(shares)
    .innerJoin(environments, eq(environments.id, shares.environmentId))
    .innerJoin(templates, eq(templates.id, environments.templateId))
    .innerJoin(users, eq(users.id, environments.userId))
    .leftJoin(shareGuests, and(eq(shareGuests.shareId, shares.id), eq(shareGuests.userId, userId)));
}

function isOpen(userId: string, now: Date) {
  const isKeptOut = sql`exists (select 1 from removed_guests r where r.share_id = ${shares.id} and r.user_id = ${userId})`;
  return and(gt(shares.expiresAt, now), isNull(environments.deletedAt), users.isActive, not(isKeptOut));
}

/**
 * Makes somebody a guest if the share still lives, was not taken from them, and has fewer than `maxGuests` others; who is
 * one already stays it. The share's row is locked first, so that of two who come at once the second is counted beside the first.
 */
export async function addGuest(
  db: Database,
  guest: { shareId: string; userId: string; now: Date; maxGuests: number },
): Promise<boolean> {
  const now = sql`${guest.now.toISOString()}::timestamptz`;
  const [, added] = await db.batch([
    db.execute(sql`select id from shares where id = ${guest.shareId} for no key update`),
    db.execute(sql`
      insert into share_guests (user_id, share_id, accepted_at)
      select ${guest.userId}, id, ${now} from shares where id = ${guest.shareId} and expires_at > ${now}
        and (select count(*) from share_guests where share_id = ${guest.shareId} and user_id <> ${guest.userId})
          < ${guest.maxGuests}::int
        and not exists (select 1 from removed_guests where share_id = ${guest.shareId} and user_id = ${guest.userId})
      on conflict (user_id, share_id) do update set accepted_at = share_guests.accepted_at
      returning user_id`),
  ]);
  return added.rows.length > 0;
}

const leftSchema = z.object({ environment_id: z.string(), kind: z.enum(shareKinds) });

/**
 * Takes somebody out of a share that lives, or declines it for them, and notes a guest as untold; a share that was for
 * nobody else ends with that.
 * The environment it was of, or null when this person has no such share.
 */
export async function leaveShare(
  db: Database,
  { shareId, userId, now }: { shareId: string; userId: string; now: Date },
): Promise<{ environmentId: string } | null> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const { rows } = await db.execute(sql`
    with mine as (
      select s.id, s.environment_id, s.kind from shares s
      left join share_guests g on g.share_id = s.id and g.user_id = ${userId}
      where s.id = ${shareId} and s.expires_at > ${at} and (g.user_id is not null or s.grantee_id = ${userId})
    ),
    gone as (
      delete from share_guests where user_id = ${userId} and share_id in (select id from mine) returning share_id
    ),
    noted as (
      insert into untold_guests (environment_id, user_id, since)
      select m.environment_id, ${userId}, ${at} from mine m join gone on gone.share_id = m.id
      ${sinceNow}
    ),
    ended as (
      update shares set expires_at = ${at}, revoked_at = ${at}
      where id in (select id from mine where kind <> 'link') returning id
    )
    select environment_id, kind from mine`);
  const left = rows[0] === undefined ? null : leftSchema.parse(rows[0]);
  return left === null ? null : { environmentId: left.environment_id };
}

/**
 * Takes a guest out of a share of an environment that lives, for good, and notes them as untold; a share that was for
 * nobody else ends with that. The share's row is locked first, so that whoever accepts it at this moment is out too.
 * False when they are no guest of such a share.
 */
export async function removeGuest(
  db: Database,
  guest: { environmentId: string; shareId: string; userId: string; now: Date },
): Promise<boolean> {
  const { environmentId, shareId, userId } = guest;
  const at = sql`${guest.now.toISOString()}::timestamptz`;
  const [, removed] = await db.batch([
    db.execute(sql`select id from shares where id = ${shareId} for no key update`),
    db.execute(sql`
      with theirs as (
        select s.id, s.environment_id, s.kind from shares s join share_guests g on g.share_id = s.id
        where s.id = ${shareId} and s.environment_id = ${environmentId} and s.expires_at > ${at}
          and g.user_id = ${userId}
      ),
      gone as (delete from share_guests where user_id = ${userId} and share_id in (select id from theirs)),
      kept_out as (
        insert into removed_guests (user_id, share_id, removed_at) select ${userId}, id, ${at} from theirs
        on conflict do nothing
      ),
      noted as (
        insert into untold_guests (environment_id, user_id, since) select environment_id, ${userId}, ${at} from theirs
        ${sinceNow}
      ),
      ended as (
        update shares set expires_at = ${at}, revoked_at = ${at}
        where id in (select id from theirs where kind <> 'link')
      )
      select id from theirs`),
  ]);
  return removed.rows.length > 0;
}
