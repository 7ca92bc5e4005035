/** Queries of templates: lists, one by any of its names, and the changes administrators make. */
import { and, asc, desc, eq, getTableColumns, inArray, ne, type Placeholder, type SQL, sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { unlessTaken } from "../database.ts";
import { builtOnce, withValues } from "../prepared.ts";
import { templateNames, templates } from "../schema/catalog.ts";

export type TemplateRow = typeof templates.$inferSelect;
export type NewTemplate = typeof templates.$inferInsert;

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
  const { limit, offset, order } = page;
  const condition = templateCondition(filter);
  const plain = plainList(db);
  const [rows, [count]] = await db.batch(
    isPlain(filter) && order === "name"
      ? [withValues(plain.page, { limit, offset }), withValues(plain.count, {})]
      : [pageOf(db, condition, page), countOf(db, condition)],
  );
  return { rows, total: count?.total ?? 0 };
}

/** What every page with a choice of templates asks for: all that can be chosen, by name. */
const plainList = builtOnce((db) => {
  const condition = templateCondition({ includeDeprecated: false });
  const page = { limit: sql.placeholder("limit"), offset: sql.placeholder("offset"), order: "name" } as const;
  return { page: pageOf(db, condition, page).prepare("templates"), count: countOf(db, condition).prepare("count") };
});

function isPlain({ includeDeprecated, ...filter }: TemplateFilter): boolean {
  return !includeDeprecated && Object.values(filter).every((value) => value === undefined);
}

function pageOf(
  db: Database,
  condition: SQL | undefined,
  page: { limit: number | Placeholder; offset: number | Placeholder; order: "name" | "popular" },
) {
  const order = page.order === "popular" ? [desc(templates.usageCount)] : [];
  return db
    .select()
    .from(templates)
    .where(condition)
    .orderBy(...order, asc(templates.displayName))
    .limit(page.limit)
    .offset(page.offset);
}

function countOf(db: Database, condition: SQL | undefined) {
  return db.select({ total: sql<number>`count(*)::int` }).from(templates).where(condition);
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

/** Adds a template; null when another one goes by one of its names, also one that comes at the same moment. */
export async function insertTemplate(db: Database, row: NewTemplate): Promise<TemplateRow | null> {
  const inserted = await unlessTaken(async () => db.insert(templates).values(row).returning());
  return inserted?.[0] ?? null;
}

/**
 * Changes a template; `taken` when another one goes by one of its new names, `outdated` when it is no longer there or
 * not as it was at `unchangedSince` (undefined = however it is).
 */
export async function updateTemplate(
  db: Database,
  id: string,
  changes: { [Name in keyof NewTemplate]?: NewTemplate[Name] | undefined },
  unchangedSince?: Date,
): Promise<TemplateRow | "taken" | "outdated"> {
  const isAsRead =
    unchangedSince &&
    sql`date_trunc('milliseconds', ${templates.updatedAt}) = ${unchangedSince.toISOString()}::timestamptz`;
  const updated = await unlessTaken(async () =>
    db
      .update(templates)
      .set(changes)
      .where(and(eq(templates.id, id), isAsRead))
      .returning(),
  );
  return updated === null ? "taken" : (updated[0] ?? "outdated");
}

/** Names among these that belong to templates other than `exceptId`, in lower case. */
export async function takenTemplateNames(db: Database, names: readonly string[], exceptId = ""): Promise<string[]> {
  const wanted = names.map((name) => name.toLowerCase());
  const found = await db
    .select({ name: templateNames.name })
    .from(templateNames)
    .where(and(inArray(templateNames.name, wanted), ne(templateNames.templateId, exceptId)));
  return found.map(({ name }) => name);
}
