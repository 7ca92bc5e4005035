/** Use cases of the audit log's readers: search, the counted denials, the whole as lines, and what is let go. */
import type { Principal } from "../rules/principal.ts";
import type { AuditRow } from "../store/audit.ts";
import {
  type AuditFilter,
  type DenialCursor,
  type DenialFilter,
  type DenialRow,
  deleteOldAuditEvents,
  deleteOldDenials,
  listAuditEvents,
  listDenials,
} from "../store/audit-search.ts";
import { audit } from "./audit.ts";
import type { Deps } from "./deps.ts";

export type { AuditFilter, AuditRow, DenialCursor, DenialFilter, DenialRow };

const dayMs = 86_400_000;
/** The table's trigger lets go of what is 365 days old; an hour more, for clocks that differ. */
const keptEventsMs = 365 * dayMs + 3_600_000;
const keptDenialsMs = 90 * dayMs;
const exportPageRows = 500;
const sweptRows = 1000;

/** A page, newest first, and where the next one begins; null = this was the last one. */
export async function searchAudit(
  deps: Deps,
  filter: AuditFilter,
  page: { limit: number; cursor: number | null },
): Promise<{ rows: AuditRow[]; next: number | null }> {
  const found = await listAuditEvents(deps.db, filter, { ...page, limit: page.limit + 1, order: "newest" });
  const rows = found.slice(0, page.limit);
  return { rows, next: found.length > page.limit ? (rows.at(-1)?.id ?? null) : null };
}

/** A page of counted refusals, newest minute first. */
export async function searchDenials(
  deps: Deps,
  filter: DenialFilter,
  page: { limit: number; cursor: DenialCursor | null },
): Promise<{ rows: DenialRow[]; next: DenialCursor | null }> {
  const found = await listDenials(deps.db, filter, { ...page, limit: page.limit + 1 });
  const rows = found.slice(0, page.limit);
  return { rows, next: found.length > page.limit ? (rows.at(-1) ?? null) : null };
}

/**
 * Every row of a span, oldest first, a page at a time: memory holds one page however long the span. Ends at the time it
 * was asked for, so that its own row and what is done meanwhile are not in it. The export is audited itself.
 */
export async function* exportAudit(
  deps: Deps,
  admin: Principal,
  span: { from?: Date | undefined; to?: Date | undefined },
): AsyncGenerator<AuditRow[]> {
  const to = span.to !== undefined && span.to < deps.now() ? span.to : deps.now();
  const filter = { from: span.from, to };
  audit(deps, {
    action: "audit.export",
    actor: admin,
    detail: { from: span.from?.toISOString() ?? null, to: to.toISOString() },
  });
  let cursor: number | null = null;
  for (;;) {
    const rows: AuditRow[] = await listAuditEvents(deps.db, filter, { limit: exportPageRows, cursor, order: "oldest" });
    if (rows.length > 0) yield rows;
    cursor = rows.at(-1)?.id ?? null;
    if (rows.length < exportPageRows) return;
  }
}

/** The work of every minute: events of a year ago and denials of 90 days ago are let go. */
export async function sweepAudit(deps: Deps): Promise<void> {
  const nowMs = deps.now().getTime();
  await deleteOldAuditEvents(deps.db, new Date(nowMs - keptEventsMs), sweptRows);
  await deleteOldDenials(deps.db, new Date(nowMs - keptDenialsMs));
}
