/** Queries for what can be created and where: templates, clusters and the tokens of their bridges. */
import { and, asc, desc, eq, getTableColumns, isNull, ne, type SQL, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { bridgeTokens, clusters, templateNames, templates, userClusters } from "./schema/catalog.ts";

export type TemplateRow = typeof templates.$inferSelect;
export type ClusterRow = typeof clusters.$inferSelect;

export interface TemplateFilter {
  category?: TemplateRow["category"] | undefined;
  status?: TemplateRow["status"] | undefined;
  /** Found in id, name, description or tags, in any case. */
  search?: string | undefined;
  tags?: readonly string[] | undefined;
  includeDeprecated: boolean;
}

/** A page of templates by name, and how many there are in all. One round trip. */
export async function listTemplates(
  db: Database,
  filter: TemplateFilter,
  page: { limit: number; offset: number; order: "name" | "popular" },
): Promise<{ rows: TemplateRow[]; total: number }> {
  const where = templateCondition(filter);
  const order = page.order === "popular" ? [desc(templates.usageCount)] : [];
  const [rows, [count]] = await db.batch([
    db
      .select()
      .from(templates)
      .where(where)
      .orderBy(...order, asc(templates.displayName))
      .limit(page.limit)
      .offset(page.offset),
    db.select({ total: sql<number>`count(*)::int` }).from(templates).where(where),
  ]);
  return { rows, total: count?.total ?? 0 };
}

function templateCondition(filter: TemplateFilter): SQL | undefined {
  const isShown = filter.includeDeprecated || filter.status === "deprecated";
  return and(
    filter.category && eq(templates.category, filter.category),
    filter.status && eq(templates.status, filter.status),
    isShown ? undefined : ne(templates.status, "deprecated"),
    filter.search ? matches(filter.search) : undefined,
    ...(filter.tags ?? []).map((tag) => sql`${tag.toLowerCase()} = any(${templates.tags})`),
  );
}

function matches(search: string): SQL {
  const pattern = `%${search.replaceAll(/[\\%_]/g, (char) => `\\${char}`)}%`;
  const { id, displayName, description, tags } = templates;
  return sql`(${id} || ' ' || ${displayName} || ' ' || ${description} || ' ' || array_to_string(${tags}, ' ')) ilike ${pattern}`;
}

/** How many templates each category has, deprecated ones left out. */
export async function countByCategory(db: Database): Promise<{ category: TemplateRow["category"]; count: number }[]> {
  return db
    .select({ category: templates.category, count: sql<number>`count(*)::int` })
    .from(templates)
    .where(ne(templates.status, "deprecated"))
    .groupBy(templates.category)
    .orderBy(asc(templates.category));
}

/** The template that goes by this id, alias or display name, in any case. */
export function templateNamed(db: Database, name: string) {
  return db
    .select(getTableColumns(templates))
    .from(templateNames)
    .innerJoin(templates, eq(templates.id, templateNames.templateId))
    .where(sql`${templateNames.name} = lower(${name})`)
    .limit(1);
}

/** A cluster with what lives on it. Sums are of the limits of environments that are not deleted. */
export interface ClusterUse extends ClusterRow {
  environments: number;
  cpuMillicores: number;
  memoryBytes: number;
  storageBytes: number;
}

/** The clusters this user may use, by name: shared ones and those linked to them. One round trip. */
export async function listClusters(db: Database, userId: string): Promise<ClusterUse[]> {
  return clustersOf(db, userId).orderBy(asc(clusters.name));
}

/** One cluster this user may use, or null. */
export async function findCluster(db: Database, userId: string, clusterId: string): Promise<ClusterUse | null> {
  const [row] = await clustersOf(db, userId, eq(clusters.id, clusterId));
  return row ?? null;
}

function clustersOf(db: Database, userId: string, condition?: SQL) {
  const used = sql`(select count(*)::int as environments, coalesce(sum(cpu_millicores), 0)::float8 as cpu,
    coalesce(sum(memory_bytes), 0)::float8 as memory, coalesce(sum(storage_bytes), 0)::float8 as storage
    from environments where cluster_id = ${clusters.id} and deleted_at is null and phase <> 'terminated')`;
  return db
    .select({
      ...getTableColumns(clusters),
      environments: sql<number>`used.environments`,
      cpuMillicores: sql<number>`used.cpu`,
      memoryBytes: sql<number>`used.memory`,
      storageBytes: sql<number>`used.storage`,
    })
    .from(clusters)
    .innerJoinLateral(sql`${used} as used`, sql`true`)
    .where(and(mayUse(userId), condition));
}

/** True for clusters open to everybody or linked to this user. */
export function mayUse(userId: string): SQL {
  const link = sql`select 1 from ${userClusters} where user_id = ${userId} and cluster_id = ${clusters.id}`;
  return sql`(${clusters.isShared} or exists (${link}))`;
}

/** Whose token this is: its row, its cluster and the revision of what is desired there; null when unknown or revoked. */
export async function findBridgeToken(
  db: Database,
  tokenHash: string,
): Promise<{ tokenId: string; clusterId: string; revision: number } | null> {
  const [row] = await db
    .select({ tokenId: bridgeTokens.id, clusterId: clusters.id, revision: clusters.revision })
    .from(bridgeTokens)
    .innerJoin(clusters, eq(clusters.id, bridgeTokens.clusterId))
    .where(and(eq(bridgeTokens.tokenHash, tokenHash), isNull(bridgeTokens.revokedAt)));
  return row ?? null;
}
