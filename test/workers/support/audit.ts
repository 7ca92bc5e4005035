/** What the audit log tells, for tests. */
import { eq } from "drizzle-orm";
import type { AuditRow } from "../../../workers/store/audit.ts";
import { auditEvents } from "../../../workers/store/schema/audit.ts";
import { newDeps } from "./deps.ts";

/** The rows about one target. */
export function readAudit(targetId: string): Promise<AuditRow[]> {
  return newDeps().db.select().from(auditEvents).where(eq(auditEvents.targetId, targetId));
}
