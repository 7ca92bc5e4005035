/**
 * Reads of the audit log. Pages follow (at, id), so that the thousandth costs what the first does; a cursor is the id
 * of the last row seen, and the database itself knows its time to the microsecond.
 */
import { and, asc, desc, eq, gte, lt, type SQL, sql } from "drizzle-orm";
import type { AuditRow } from "./audit.ts";
import type { Database } from "./database.ts";
import { auditDenials, auditEvents } from "./schema/audit.ts";

export type DenialRow = typeof auditDenials.$inferSelect;

export interface AuditFilter {
  /** The id of who acted. */
  actor?: string | undefined;
  action?: string | undefined;
  /** The id of what was acted on. */
  target?: string | undefined;
  outcome?: AuditRow["outcome"] | undefined;
  from?: Date | undefined;
  /** Not included. */
  to?: Date | undefined;
}

/** Up to `limit` rows beyond the cursor: newest first, or for an export oldest first. One round trip. */
export async function listAuditEvents(
  db: Database,
  filter: AuditFilter,
  page: { limit: number; cursor: number | null; order: "newest" | "oldest" },
): Promise<AuditRow[]> {
  const { at, id } = auditEvents;
  const isNewest = page.order === "newest";
  return db
    .select()
    .from(auditEvents)
    .where(and(...conditionsOf(filter), page.cursor === null ? undefined : beyond(page.cursor, isNewest)))
    .orderBy(...(isNewest ? [desc(at), desc(id)] : [asc(at), asc(id)]))
    .limit(page.limit);
}

function beyond(cursor: number, isNewest: boolean): SQL {
  const { at, id } = auditEvents;
  const seenAt = sql`(select seen.at from audit_events seen where seen.id = ${cursor})`;
  return isNewest ? sql`(${at}, ${id}) < (${seenAt}, ${cursor})` : sql`(${at}, ${id}) > (${seenAt}, ${cursor})`;
}

function conditionsOf({ actor, action, target, outcome, from, to }: AuditFilter): (SQL | undefined)[] {
  const { actorId, targetId, at } = auditEvents;
  return [
    actor === undefined ? undefined : eq(actorId, actor),
    action === undefined ? undefined : eq(auditEvents.action, action),
    target === undefined ? undefined : eq(targetId, target),
    outcome === undefined ? undefined : eq(auditEvents.outcome, outcome),
    from && gte(at, from),
    to && lt(at, to),
  ];
}

export interface DenialFilter {
  actor?: string | undefined;
  route?: string | undefined;
  code?: string | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
}

/** What a page of denials goes on from: the key of the last row seen. */
export type DenialCursor = Pick<DenialRow, "minute" | "actor" | "route" | "code">;

/** Up to `limit` counted refusals, newest minute first. */
export async function listDenials(
  db: Database,
  filter: DenialFilter,
  page: { limit: number; cursor: DenialCursor | null },
): Promise<DenialRow[]> {
  const { minute, actor, route, code } = auditDenials;
  const { cursor } = page;
  const seen =
    cursor &&
    sql`(${minute}, ${actor}, ${route}, ${code}) < (${cursor.minute.toISOString()}::timestamptz,
    ${cursor.actor}, ${cursor.route}, ${cursor.code})`;
  return db
    .select()
    .from(auditDenials)
    .where(
      and(
        filter.actor === undefined ? undefined : eq(actor, filter.actor),
        filter.route === undefined ? undefined : eq(route, filter.route),
        filter.code === undefined ? undefined : eq(code, filter.code),
        filter.from && gte(minute, filter.from),
        filter.to && lt(minute, filter.to),
        seen ?? undefined,
      ),
    )
    .orderBy(desc(minute), desc(actor), desc(route), desc(code))
    .limit(page.limit);
}

/** Lets go of up to `limit` rows from before a time; the table's trigger refuses any younger than 365 days. */
export async function deleteOldAuditEvents(db: Database, before: Date, limit: number): Promise<number> {
  const old = sql`(select id from audit_events where at < ${before.toISOString()}::timestamptz order by at limit ${limit})`;
  const gone = await db.delete(auditEvents).where(sql`${auditEvents.id} in ${old}`).returning({ id: auditEvents.id });
  return gone.length;
}

export async function deleteOldDenials(db: Database, before: Date): Promise<void> {
  await db.delete(auditDenials).where(lt(auditDenials.minute, before));
}
