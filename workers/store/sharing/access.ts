/**
 * Who may enter an environment: its owner, and whoever has accepted a share of it that lives. What its owner has given ends
 * while that account is disabled.
 */
import { and, eq, isNotNull, isNull, or, type Placeholder, type SQL, sql } from "drizzle-orm";
import type { GuestRole, Role } from "../../../durable-objects/protocol/vocabulary.ts";
import type { Database } from "../database.ts";
import type { EnvironmentInFull } from "../environments/find.ts";
import { builtOnce } from "../prepared.ts";
import { users } from "../schema/accounts.ts";
import { clusters, templates } from "../schema/catalog.ts";
import { environments } from "../schema/environments.ts";
import { shareGuests, shares } from "../schema/sharing.ts";

/** What somebody is at an environment, and until when. */
export interface Access {
  role: Role;
  /** null = it does not end by itself. */
  endsAt: Date | null;
  /** Whether they may still watch after that, by another share. */
  isWeakerAfter: boolean;
}

export interface EnteredEnvironment extends EnvironmentInFull {
  access: Access;
  owner: { id: string; username: string };
}

/** An environment that this person owns or is a guest of; null otherwise, whether it exists or not. One round trip. */
export async function findEntered(
  db: Database,
  userId: string,
  id: string,
  now: Date,
): Promise<EnteredEnvironment | null> {
  const [found] = await enteredInFull(db).execute({ userId, id, now: now.toISOString() });
  if (found === undefined) return null;
  const { environment, template, cluster, owner, role, roleEndsAt, endsAt } = found;
  const access: Access =
    owner.id === userId || role === null
      ? { role: "owner", endsAt: null, isWeakerAfter: false }
      : { role, endsAt: roleEndsAt, isWeakerAfter: roleEndsAt !== null && endsAt !== null && roleEndsAt < endsAt };
  return { ...environment, templateName: template.displayName, template, cluster, access, owner };
}

const enteredInFull = builtOnce((db) => {
  const userId = sql.placeholder("userId");
  const guest = rights(db, userId, sql`${sql.placeholder("now")}::timestamptz`);
  return db
    .select({
      environment: environments,
      template: templates,
      cluster: clusters,
      owner: { id: users.id, username: users.username },
      role: guest.role,
      roleEndsAt: guest.roleEndsAt,
      endsAt: guest.endsAt,
    })
    .from(environments)
    .innerJoin(templates, eq(templates.id, environments.templateId))
    .innerJoin(clusters, eq(clusters.id, environments.clusterId))
    .innerJoin(users, eq(users.id, environments.userId))
    .leftJoinLateral(guest, sql`true`)
    .where(
      and(
        eq(environments.id, sql.placeholder("id")),
        isNull(environments.deletedAt),
        or(eq(environments.userId, userId), and(isNotNull(guest.role), users.isActive)),
      ),
    )
    .prepare("entered_environment");
});

/** The strongest role that somebody's shares of the row's environment give, its end, and the end of the last of them. */
function rights(db: Database, userId: string | Placeholder, now: SQL) {
  const roleEndsAt = sql<Date | null>`coalesce(max(${shares.expiresAt}) filter (where ${shares.role} = 'driver'),
    max(${shares.expiresAt}))`.mapWith(shares.expiresAt);
  return db
    .select({
      role: strongest.as("guest_role"),
      roleEndsAt: roleEndsAt.as("guest_role_ends_at"),
      endsAt: sql<Date | null>`max(${shares.expiresAt})`.mapWith(shares.expiresAt).as("guest_ends_at"),
    })
    .from(shareGuests)
    .innerJoin(shares, eq(shares.id, shareGuests.shareId))
    .where(
      and(eq(shareGuests.userId, userId), eq(shares.environmentId, environments.id), sql`${shares.expiresAt} > ${now}`),
    )
    .as("guest");
}

const strongest = sql<GuestRole | null>`case when bool_or(${shares.role} = 'driver') then 'driver'
  when count(*) > 0 then 'viewer' end`;

/** Which of these people are guests of an environment now, and as what. */
export async function rolesOf(
  db: Database,
  environmentId: string,
  userIds: readonly string[],
  now: Date,
): Promise<Map<string, GuestRole>> {
  if (userIds.length === 0) return new Map();
  const rows = await db
    .select({ userId: shareGuests.userId, role: strongest })
    .from(shareGuests)
    .innerJoin(shares, eq(shares.id, shareGuests.shareId))
    .innerJoin(environments, eq(environments.id, shares.environmentId))
    .innerJoin(users, and(eq(users.id, environments.userId), users.isActive))
    .where(
      and(
        sql`${shareGuests.userId} in (select jsonb_array_elements_text(${JSON.stringify(userIds)}::jsonb))`,
        eq(shares.environmentId, environmentId),
        sql`${shares.expiresAt} > ${now.toISOString()}::timestamptz`,
      ),
    )
    .groupBy(shareGuests.userId);
  return new Map(rows.flatMap(({ userId, role }) => (role === null ? [] : [[userId, role]])));
}
