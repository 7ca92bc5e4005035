/** GET /api/v1/audit/export: all of it as lines to take away. */
import { createRoute, z } from "@hono/zod-openapi";
import { type AuditRow, exportAudit } from "../../domain/audit-search.ts";
import { newRouter } from "../../http/router.ts";
import { guard, span } from "./asking.ts";
import { eventBody, eventExample } from "./events.ts";

export const exporting = newRouter();

exporting.openapi(
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
