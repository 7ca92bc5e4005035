/** Reads of environments: lists, one with its template and cluster, and the facts a creation needs. */
import { and, desc, eq, getTableColumns, isNull, or, type Placeholder, type SQL, sql } from "drizzle-orm";
import type { Phase } from "../../../durable-objects/protocol/vocabulary.ts";
import { type ClusterRow, goesBy, mayUse } from "../catalog/clusters.ts";
import { type TemplateRow, templateNamed } from "../catalog/templates.ts";
import type { Database } from "../database.ts";
import { builtOnce, withValues } from "../prepared.ts";
import { plans, users } from "../schema/accounts.ts";
import { clusters, templates } from "../schema/catalog.ts";
import { environments } from "../schema/environments.ts";

export type EnvironmentRow = typeof environments.$inferSelect;
export interface EnvironmentInList extends EnvironmentRow {
  templateName: string;
}
export interface EnvironmentInFull extends EnvironmentInList {
  template: TemplateRow;
  cluster: ClusterRow;
}

export interface EnvironmentFilter {
  /** Any of these, as the row stands at `now` (a passed deadline counts as `error`, like rules/lifecycle says). */
  phases?: readonly Phase[] | undefined;
  templateId?: string | undefined;
  clusterId?: string | undefined;
  now: Date;
}

/** A page of a user's environments, newest first, deleted ones hidden, and how many match. One round trip. */
export async function listEnvironments(
  db: Database,
  userId: string,
  filter: EnvironmentFilter,
  page: { limit: number; offset: number },
): Promise<{ rows: EnvironmentInList[]; total: number }> {
  const conditions = conditionsOf(filter).filter((condition) => condition !== undefined);
  const where = and(ownedBy(userId), ...conditions);
  const plain = plainList(db);
  const { limit, offset } = page;
  const [rows, [count]] = await db.batch(
    conditions.length === 0
      ? [withValues(plain.page, { userId, limit, offset }), withValues(plain.count, { userId })]
      : [pageOf(db, where, page), countOf(db, where)],
  );
  return { rows, total: count?.total ?? 0 };
}

/** Nearly every list is asked for without a filter. */
const plainList = builtOnce((db) => {
  const where = ownedBy(sql.placeholder("userId"));
  const page = { limit: sql.placeholder("limit"), offset: sql.placeholder("offset") };
  return { page: pageOf(db, where, page).prepare("page"), count: countOf(db, where).prepare("count") };
});

function pageOf(
  db: Database,
  where: SQL | undefined,
  page: { limit: number | Placeholder; offset: number | Placeholder },
) {
  return db
    .select({ ...getTableColumns(environments), templateName: templates.displayName })
    .from(environments)
    .innerJoin(templates, eq(templates.id, environments.templateId))
    .where(where)
    .orderBy(desc(environments.createdAt), desc(environments.id))
    .limit(page.limit)
    .offset(page.offset);
}

function countOf(db: Database, where: SQL | undefined) {
  return db.select({ total: sql<number>`count(*)::int` }).from(environments).where(where);
}

/** An environment of anybody: with its owner, and without what only its owner and the bridge may open. */
export interface ForeignEnvironment extends EnvironmentInList {
  sealedVariables: "";
  owner: { id: string; username: string };
}

/** A page of everybody's environments, or of one owner's, otherwise as `listEnvironments`. One round trip. */
export async function listAllEnvironments(
  db: Database,
  filter: EnvironmentFilter & { userId?: string | undefined },
  page: { limit: number; offset: number },
): Promise<{ rows: ForeignEnvironment[]; total: number }> {
  const { userId } = filter;
  const isWanted = userId === undefined ? isNull(environments.deletedAt) : ownedBy(userId);
  const where = and(isWanted, ...conditionsOf(filter));
  const [rows, [count]] = await db.batch([
    db
      .select({
        ...getTableColumns(environments),
        sealedVariables: sql<"">`''`,
        templateName: templates.displayName,
        owner: { id: users.id, username: users.username },
      })
      .from(environments)
      .innerJoin(templates, eq(templates.id, environments.templateId))
      .innerJoin(users, eq(users.id, environments.userId))
      .where(where)
      .orderBy(desc(environments.createdAt), desc(environments.id))
      .limit(page.limit)
      .offset(page.offset),
    countOf(db, where),
  ]);
  return { rows, total: count?.total ?? 0 };
}

function conditionsOf({ phases, templateId, clusterId, now }: EnvironmentFilter): (SQL | undefined)[] {
  return [
    phases && inPhases(phases, now),
    templateId === undefined ? undefined : eq(environments.templateId, templateId),
    clusterId === undefined ? undefined : eq(environments.clusterId, clusterId),
  ];
}

function ownedBy(userId: string | Placeholder): SQL | undefined {
  return and(eq(environments.userId, userId), isNull(environments.deletedAt));
}

function inPhases(phases: readonly Phase[], now: Date): SQL {
  const { phase, phaseDeadlineAt } = environments;
  const wanted = sql.join(
    phases.map((wantedPhase) => sql`${wantedPhase}`),
    sql`, `,
  );
  return sql`(case when ${phaseDeadlineAt} <= ${now.toISOString()} then 'error' else ${phase} end) in (${wanted})`;
}

/** A user's environment with its template and cluster; null when there is none of this id that is theirs. */
export async function findEnvironment(db: Database, userId: string, id: string): Promise<EnvironmentInFull | null> {
  const [found] = await oneInFull(db).execute({ userId, id });
  if (found === undefined) return null;
  const { environment, template, cluster } = found;
  return { ...environment, templateName: template.displayName, template, cluster };
}

const oneInFull = builtOnce((db) =>
  db
    .select({ environment: environments, template: templates, cluster: clusters })
    .from(environments)
    .innerJoin(templates, eq(templates.id, environments.templateId))
    .innerJoin(clusters, eq(clusters.id, environments.clusterId))
    .where(and(eq(environments.id, sql.placeholder("id")), ownedBy(sql.placeholder("userId"))))
    .prepare("environment"),
);

export type PlanRow = typeof plans.$inferSelect;
export interface CreationFacts {
  template: TemplateRow | null;
  cluster: ClusterRow | null;
  plan: PlanRow | null;
}

/**
 * What a creation needs to know, in one round trip: the template by any of its names, the cluster asked for by id or
 * name if this user may use it, and the user's plan. With no cluster asked for: the default one, or else the named
 * fallback, one that is open before one that is not.
 */
export async function findCreationFacts(
  db: Database,
  asked: { userId: string; template: string; clusterId: string | undefined; fallbackCluster: string },
): Promise<CreationFacts> {
  const { clusterId, fallbackCluster } = asked;
  const isWanted = clusterId === undefined ? or(clusters.isDefault, goesBy(fallbackCluster)) : goesBy(clusterId);
  const best = clusterId === undefined ? [desc(isOpen), desc(clusters.isDefault)] : [];
  const [[template], [cluster], [plan]] = await db.batch([
    templateNamed(db, asked.template),
    db
      .select()
      .from(clusters)
      .where(and(isWanted, mayUse(asked.userId)))
      .orderBy(...best, desc(eq(clusters.id, clusterId ?? fallbackCluster)))
      .limit(1),
    planOf(db, asked.userId),
  ]);
  return { template: template ?? null, cluster: cluster ?? null, plan: plan ?? null };
}

const isOpen = eq(clusters.status, "active");

function planOf(db: Database, userId: string) {
  return db
    .select(getTableColumns(plans))
    .from(plans)
    .innerJoin(users, eq(users.planId, plans.id))
    .where(eq(users.id, userId));
}

/** The plan a user has now, or null for nobody's id. */
export async function findPlan(db: Database, userId: string): Promise<PlanRow | null> {
  const [plan] = await planOf(db, userId);
  return plan ?? null;
}
