/** GET /api/v1/audit/denials: what was refused, counted, a page at a time. */
import { createRoute, z } from "@hono/zod-openapi";
import { type DenialCursor, type DenialRow, searchDenials } from "../../domain/audit-search.ts";
import { json } from "../../http/answers.ts";
import { newRouter } from "../../http/router.ts";
import { guard, nextCursor, pageOf, span, wordSchema } from "./asking.ts";

export const denials = newRouter();

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

denials.openapi(
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
