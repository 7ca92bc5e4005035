/** Queries of those who administer: people found and counted, and what an administrator may change of them. */
import { and, desc, eq, isNull, or, type SQL, sql } from "drizzle-orm";
import type { Account, Role } from "../rules/principal.ts";
import { accountColumns } from "./account-columns.ts";
import type { Database } from "./database.ts";
import { type Outdated, outdateListsOf } from "./environments/outdated.ts";
import { loginAttempts, users } from "./schema/accounts.ts";

/** A person as administrators see them. */
export interface PersonRow extends Account {
  environments: number;
  /** Until when nobody may sign in from an unknown device; null = not locked. */
  lockedUntil: Date | null;
}

export interface PeopleFilter {
  /** The beginning of a user name or an e-mail address, in any case. */
  search?: string | undefined;
  role?: Role | undefined;
  plan?: string | undefined;
  isActive?: boolean | undefined;
  isVerified?: boolean | undefined;
}

/** A page of people, newest first, those who left hidden, and how many match. One round trip. */
export async function listPeople(
  db: Database,
  filter: PeopleFilter,
  page: { limit: number; offset: number },
  now: Date,
): Promise<{ rows: PersonRow[]; total: number }> {
  const where = and(isNull(users.deletedAt), ...conditionsOf(filter));
  const [rows, [count]] = await db.batch([
    people(db, now).where(where).orderBy(desc(users.createdAt), desc(users.id)).limit(page.limit).offset(page.offset),
    db.select({ total: sql<number>`count(*)::int` }).from(users).where(where),
  ]);
  return { rows, total: count?.total ?? 0 };
}

/** One person, or null. */
export async function findPerson(db: Database, userId: string, now: Date): Promise<PersonRow | null> {
  const [row] = await people(db, now).where(and(eq(users.id, userId), isNull(users.deletedAt)));
  return row ?? null;
}

function people(db: Database, now: Date) {
  const owned = sql<number>`(select count(*)::int from environments where user_id = ${users.id} and deleted_at is null)`;
  const lockedUntil = sql<Date | null>`case when ${loginAttempts.lockedUntil} > ${now.toISOString()}::timestamptz
    then ${loginAttempts.lockedUntil} end`.mapWith(loginAttempts.lockedUntil);
  return db
    .select({ ...accountColumns, environments: owned, lockedUntil })
    .from(users)
    .leftJoin(loginAttempts, eq(loginAttempts.subject, users.id));
}

/** A prefix of the lower-case name, as users_username_prefix_idx and users_email_prefix_idx have it. */
function conditionsOf({ search, role, plan, isActive, isVerified }: PeopleFilter): (SQL | undefined)[] {
  const prefix = `${(search ?? "").toLowerCase().replaceAll(/[\\%_]/g, (char) => `\\${char}`)}%`;
  return [
    search && or(sql`lower(${users.username}) like ${prefix}`, sql`lower(${users.email}) like ${prefix}`),
    role && eq(users.role, role),
    plan && eq(users.planId, plan),
    isActive === undefined ? undefined : eq(users.isActive, isActive),
    isVerified === undefined ? undefined : eq(users.isVerified, isVerified),
  ].map((condition) => condition || undefined);
}

export interface PersonChange {
  role?: Role | undefined;
  plan?: string | undefined;
  isActive?: boolean | undefined;
}

export type PersonOutcome =
  | {
      kind: "changed";
      before: Required<{ [Key in keyof PersonChange]: Exclude<PersonChange[Key], undefined> }>;
      /** Clusters of which something else is desired now: a plan's limits are part of it. */
      outdated: Outdated[];
    }
  | { kind: "not_found" }
  | { kind: "last_admin" };

/**
 * Changes a person in one transaction. The administrators' rows are locked first, always in the same order, so that
 * of two who take each other's rights the second sees what the first left; the last active one keeps theirs.
 * Fails with SQLSTATE 23503 for a plan that is not there.
 */
export async function changePerson(
  db: Database,
  userId: string,
  change: PersonChange,
  now: Date,
): Promise<PersonOutcome> {
  const { role, plan, isActive } = change;
  const isDemotion = role === "user" || isActive === false;
  const isPerson = and(eq(users.id, userId), isNull(users.deletedAt));
  const [, [before], changed, outdated] = await db.batch([
    db.select({ id: users.id }).from(users).where(isActiveAdmin()).orderBy(users.id).for("update"),
    db
      .select({ role: users.role, plan: users.planId, isActive: users.isActive })
      .from(users)
      .where(isPerson)
      .for("update"),
    db
      .update(users)
      .set({
        ...(role === undefined ? {} : { role }),
        ...(isActive === undefined ? {} : { isActive }),
        ...(plan === undefined ? {} : planChange(plan, now)),
        updatedAt: now,
      })
      .where(and(isPerson, isDemotion ? anotherAdminThan(userId) : undefined))
      .returning({ id: users.id }),
    outdateListsOf(db, plan === undefined ? null : { userId }),
  ]);
  if (before === undefined) return { kind: "not_found" };
  return changed.length === 0 ? { kind: "last_admin" } : { kind: "changed", before, outdated };
}

/** Takes an administrator's role, unless nobody else has it; tells whether it did. */
export async function stepDown(db: Database, userId: string, now: Date): Promise<boolean> {
  const outcome = await changePerson(db, userId, { role: "user" }, now);
  return outcome.kind !== "last_admin";
}

function planChange(plan: string, now: Date) {
  const changedAt = sql`case when ${users.planId} = ${plan} then ${users.planChangedAt} else ${now.toISOString()}::timestamptz end`;
  return { planId: plan, planChangedAt: changedAt };
}

function isActiveAdmin(): SQL | undefined {
  return and(eq(users.role, "admin"), users.isActive, isNull(users.deletedAt));
}

/** Whoever is no active administrator cannot be the last one. */
function anotherAdminThan(userId: string): SQL {
  return sql`(not (${users.role} = 'admin' and ${users.isActive})
    or exists (select 1 from users other where other.id <> ${userId} and other.role = 'admin' and other.is_active
      and other.deleted_at is null))`;
}
