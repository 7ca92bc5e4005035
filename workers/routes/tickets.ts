/** POST /api/v1/ws/tickets: a single-use ticket for one WebSocket. */
import { createRoute, z } from "@hono/zod-openapi";
import { socketKindSchema } from "../../durable-objects/protocol/vocabulary.ts";
import { issueTicket, ticketSeconds } from "../domain/tickets.ts";
import { body, json, problems } from "../http/answers.ts";
import { allowed } from "../http/authenticate.ts";
import { newRouter } from "../http/router.ts";

const askedSchema = z
  .object({ environment_id: z.string().max(64), kind: socketKindSchema })
  .openapi("TicketRequest", { example: { environment_id: "env_0123456789abcdefghij", kind: "terminal" } });

const ticketSchema = z
  .object({
    ticket: z.string().openapi({ description: "Second value of Sec-WebSocket-Protocol; the first is `devpocket.v1`" }),
    expires_in: z.number().int().openapi({ description: "Seconds" }),
  })
  .openapi("Ticket", { example: { ticket: `dp_ticket_${"A".repeat(43)}`, expires_in: ticketSeconds } });

export const tickets = newRouter();

tickets.openapi(
  createRoute({
    method: "post",
    path: "/tickets",
    operationId: "createTicket",
    tags: ["sockets"],
    summary: "A ticket that opens one terminal or log socket of an environment, once",
    middleware: [allowed("terminal")] as const,
    request: { body: body(askedSchema) },
    responses: { 201: json(ticketSchema, "Good for one socket"), ...problems({ 404: "None of yours" }) },
  }),
  async (c) => {
    const { environment_id: environmentId, kind } = c.req.valid("json");
    const ticket = await issueTicket(c.var.deps, c.var.principal, { environmentId, kind });
    return c.json({ ticket, expires_in: ticketSeconds }, 201);
  },
);
