/** /dev/outbox: the mails that a development server would have sent. Not there in production. */
import { createRoute, z } from "@hono/zod-openapi";
import { html } from "hono/html";
import { listOutbox } from "../domain/outbox.ts";
import { json, problems } from "../http/answers.ts";
import { limitedByAddress } from "../http/limits.ts";
import { newRouter } from "../http/router.ts";

const outboxSchema = z
  .object({
    mails: z.array(
      z.object({ to: z.string(), subject: z.string(), text: z.string(), html: z.string(), sent_at: z.string() }),
    ),
  })
  .openapi("Outbox", {
    example: {
      mails: [
        {
          to: "ada@example.com",
          subject: "Verify your e-mail address - DevPocket",
          text: "Hello ada,\n\n...",
          html: "<p>Hello ada,</p>...",
          sent_at: "2026-11-24T08:00:00.000Z",
        },
      ],
    },
  });
type Outbox = z.infer<typeof outboxSchema>;

export const dev = newRouter();

dev.openapi(
  createRoute({
    method: "get",
    path: "/outbox",
    operationId: "readOutbox",
    tags: ["system"],
    summary: "Development only: the mails that would have been sent, newest first; a page for browsers",
    middleware: [limitedByAddress] as const,
    responses: {
      200: {
        content: { ...json(outboxSchema, "").content, "text/html": { schema: z.string() } },
        description: "The newest 100 mails",
      },
      ...problems({ 404: "A production server has no outbox", 503: "Redis does not answer" }),
    },
  }),
  async (c) => {
    const mails = await listOutbox(c.var.deps);
    const isBrowser = (c.req.header("accept") ?? "").includes("text/html");
    if (isBrowser) return c.html(pageOf(mails));
    return c.json({ mails }, 200);
  },
);

/** The plain text of each mail, escaped by `html`; nothing of a mail's own HTML is shown. */
function pageOf(mails: Outbox["mails"]) {
  const shown = mails.map(
    ({ to, subject, text, sent_at }) => html`<h2>${subject}</h2><p>${sent_at} to ${to}</p><pre>${text}</pre><hr />`,
  );
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8" /><title>Outbox</title></head>
    <body><h1>Outbox</h1>${shown.length === 0 ? html`<p>No mail yet.</p>` : shown}</body></html>`;
}
