/** /api/v1/audit for administrators: what was done, what was refused, and all of it as lines to take away. */
import { createRoute, z } from "@hono/zod-openapi";
import {
  type AuditRow,
  type DenialCursor,
  type DenialRow,
  exportAudit,
  searchAudit,
  searchDenials,
} from "../domain/audit-search.ts";
import { json } from "../http/answers.ts";
import { administrator } from "../http/authenticate.ts";
import { newRouter } from "../http/router.ts";

const outcomes = ["ok", "failed", "denied"] as const;
const timeSchema = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const wordSchema = z.string().min(1).max(200);
const span = {
  from: timeSchema.optional().openapi({ type: "string", format: "date-time" }),
  to: timeSchema.optional().openapi({ type: "string", format: "date-time", description: "Not included" }),
};
const pageOf = <Cursor extends z.ZodType>(cursor: Cursor) => ({
  limit: z.coerce.number("must be a number").int("must be a whole number").min(1).max(100).default(50),
  cursor: cursor.optional(),
});

const eventExample = {
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

const nextCursor = z.string().nullable().openapi({ description: "`cursor` of the next page; null on the last one" });
const eventsSchema = z
  .object({ events: z.array(eventSchema), next_cursor: nextCursor })
  .openapi("AuditEvents", { example: { events: [eventExample], next_cursor: null } });

const denialExample = {
  minute: "2026-11-12T08:00:00.000Z",
  actor: "usr_4k2m9x7p1q8w5e3r6t0y",
  route: "GET /api/v1/users",
  code: "admin_required",
  count: 3,
  last_address: "203.0.113.7",
  last_request_id: "k3v8s1m6q9w2x5z7c4b0",
};
const denialSchema = z
  .object({
    minute: z.iso.datetime(),
    actor: z.string(),
    route: z.string(),
    code: z.string(),
    count: z.number().int(),
    last_address: z.string().nullable(),
    last_request_id: z.string(),
  })
  .openapi("AuditDenial", { example: denialExample });
const denialsSchema = z
  .object({ denials: z.array(denialSchema), next_cursor: nextCursor })
  .openapi("AuditDenials", { example: { denials: [denialExample], next_cursor: null } });

const guard = {
  method: "get" as const,
  tags: ["admin"],
  middleware: [administrator],
};

export const audits = newRouter();

audits.openapi(
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

audits.openapi(
  createRoute({
    ...guard,
    path: "/denials",
    operationId: "listDenials",
    summary: "Refusals, counted by actor, route, code and minute; kept for 90 days",
    request: {
      query: z.object({
        actor: wordSchema.optional(),
        route: wordSchema.optional(),
        code: wordSchema.optional(),
        ...span,
        ...pageOf(z.string().max(2000).transform(readCursor)),
      }),
    },
    responses: { 200: json(denialsSchema, "A page of them") },
  }),
  async (c) => {
    const { limit, cursor = null, ...filter } = c.req.valid("query");
    const { rows, next } = await searchDenials(c.var.deps, filter, { limit, cursor });
    return c.json({ denials: rows.map(denialBody), next_cursor: next && writeCursor(next) }, 200);
  },
);

audits.openapi(
  createRoute({
    ...guard,
    path: "/export",
    operationId: "exportAudit",
    summary: "Every event of a span, oldest first, as newline-delimited JSON; the export is itself an event",
    request: { query: z.object(span) },
    responses: {
      200: {
        description: "One AuditEvent a line",
        content: {
          "application/x-ndjson": {
            schema: z.string().openapi("AuditLines", { example: `${JSON.stringify(eventExample)}\n` }),
          },
        },
      },
    },
  }),
  async (c) => {
    const pages = exportAudit(c.var.deps, c.var.principal, c.req.valid("query"));
    const headers = {
      "content-type": "application/x-ndjson",
      "content-disposition": 'attachment; filename="audit.ndjson"',
    };
    return new Response(linesOf(await pages.next(), pages), { headers }) as never;
  },
);

/** One page in memory at a time: the next is read when the client has taken the last. */
function linesOf(
  first: IteratorResult<AuditRow[], void>,
  pages: AsyncGenerator<AuditRow[], void>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let page: IteratorResult<AuditRow[], void> | null = first;
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = page ?? (await pages.next());
      page = null;
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value.map((row) => `${JSON.stringify(eventBody(row))}\n`).join("")));
    },
    async cancel() {
      await pages.return();
    },
  });
}

function eventBody(row: AuditRow): z.infer<typeof eventSchema> {
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

function denialBody(row: DenialRow): z.infer<typeof denialSchema> {
  return {
    minute: row.minute.toISOString(),
    actor: row.actor,
    route: row.route,
    code: row.code,
    count: row.count,
    last_address: row.lastAddress,
    last_request_id: row.lastRequestId,
  };
}

const cursorSchema = z.tuple([z.iso.datetime(), z.string(), z.string(), z.string()]);

/** The key of a row as base64url; `readCursor` is its mirror. */
function writeCursor({ minute, actor, route, code }: DenialCursor): string {
  const key: z.infer<typeof cursorSchema> = [minute.toISOString(), actor, route, code];
  return Buffer.from(JSON.stringify(key)).toString("base64url");
}

function readCursor(text: string, context: z.RefinementCtx): DenialCursor {
  try {
    const [minute, actor, route, code] = cursorSchema.parse(JSON.parse(Buffer.from(text, "base64url").toString()));
    return { minute: new Date(minute), actor, route, code };
  } catch {
    context.addIssue("is not a cursor");
    return z.NEVER;
  }
}
