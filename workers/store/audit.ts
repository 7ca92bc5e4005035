/** Queries of the audit log: rows are added, searched and, after their time, let go; never changed. */
import { sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { auditDenials, auditEvents } from "./schema/audit.ts";

export type AuditRow = typeof auditEvents.$inferSelect;
export type NewAuditRow = typeof auditEvents.$inferInsert;
export type NewDenial = Omit<typeof auditDenials.$inferInsert, "count">;

/** Adds one row. */
export async function insertAuditEvent(db: Database, row: NewAuditRow): Promise<void> {
  await db.insert(auditEvents).values(row);
}

/** Counts one refusal in the row of its actor, route, code and minute. */
export async function countDenial(db: Database, denial: NewDenial): Promise<void> {
  const { minute, actor, route, code } = auditDenials;
  await db
    .insert(auditDenials)
    .values({ ...denial, count: 1 })
    .onConflictDoUpdate({
      target: [minute, actor, route, code],
      set: {
        count: sql`${auditDenials.count} + 1`,
        lastAddress: sql`excluded.last_address`,
        lastRequestId: sql`excluded.last_request_id`,
      },
    });
}
