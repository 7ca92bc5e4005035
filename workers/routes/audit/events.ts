/** GET /api/v1/audit: what was done, a page at a time. */
import { createRoute, z } from "@hono/zod-openapi";
import { type AuditRow, searchAudit } from "../../domain/audit-search.ts";
import { json } from "../../http/answers.ts";
import { newRouter } from "../../http/router.ts";
import { guard, nextCursor, pageOf, span, wordSchema } from "./asking.ts";

export const events = newRouter();

const outcomes = ["ok", "failed", "denied"] as const;

export const eventExample = {
  id: "48213",
  at: "2026-11-12T08:00:00.000Z",
  actor: { kind: "user", id: "usr_4k2m9x7p1q8w5e3r6t0y" },
  action: "account.change_plan",
  target: { kind: "user", id: "usr_7h3n1v8c2x6z9l4k5j0g" },
  outcome: "ok" as const,
  address: "203.0.113.7",
  request_id: "k3v8s1m6q9w2x5z7c4b0",
  detail: { from: "free", to: "pro" },
};
const eventSchema = z
  .object({
    id: z.string(),
    at: z.iso.datetime(),
    actor: z.object({ kind: z.string(), id: z.string().nullable() }),
    action: z.string(),
    target: z.object({ kind: z.string(), id: z.string() }).nullable(),
    outcome: z.enum(outcomes),
    address: z.string().nullable(),
    request_id: z.string(),
    detail: z.record(z.string(), z.unknown()),
  })
  .openapi("AuditEvent", { example: eventExample });

const eventsSchema = z
  .object({ events: z.array(eventSchema), next_cursor: nextCursor })
  .openapi("AuditEvents", { example: { events: [eventExample], next_cursor: null } });

events.openapi(
  createRoute({
    ...guard,
    path: "/",
    operationId: "searchAudit",
    summary: "What was done, newest first; kept for a year",
    request: {
      query: z.object({
        actor: wordSchema.optional(),
        action: wordSchema.optional(),
        target: wordSchema.optional(),
        outcome: z.enum(outcomes).optional(),
        ...span,
        ...pageOf(z.string().regex(/^\d{1,15}$/, "is not a cursor")),
      }),
    },
    responses: { 200: json(eventsSchema, "A page of them") },
  }),
  async (c) => {
    const { limit, cursor, ...filter } = c.req.valid("query");
    const page = { limit, cursor: cursor === undefined ? null : Number(cursor) };
    const { rows, next } = await searchAudit(c.var.deps, filter, page);
    return c.json({ events: rows.map(eventBody), next_cursor: next === null ? null : String(next) }, 200);
  },
);

/** An event as it is told, in a page and in an export. */
export function eventBody(row: AuditRow): z.infer<typeof eventSchema> {
  const { targetKind, targetId } = row;
  return {
    id: String(row.id),
    at: row.at.toISOString(),
    actor: { kind: row.actorKind, id: row.actorId },
    action: row.action,
    target: targetKind === null || targetId === null ? null : { kind: targetKind, id: targetId },
    outcome: row.outcome,
    address: row.address,
    request_id: row.requestId,
    detail: row.detail,
  };
}
