/** /api/v1/shares: what others share with whoever asks. */
import { createRoute, z } from "@hono/zod-openapi";
import { acceptById, acceptBySecret, leaveOffer, readOffers } from "../domain/sharing/accept.ts";
import { body, json, problems } from "../http/answers.ts";
import { allowed } from "../http/authenticate.ts";
import { newRouter } from "../http/router.ts";
import { messageSchema } from "./account-shapes.ts";
import { acceptanceSchema, offerBody, offerSchema, offersSchema } from "./environments/share-shapes.ts";

export const shares = newRouter();

const tags = ["sharing"];
const idParameter = z.object({ id: z.string().max(64) });

shares.openapi(
  createRoute({
    method: "get",
    path: "/shares",
    operationId: "listReceivedShares",
    tags,
    summary: "What others share with you, then, `pending`, what was offered to your user name; each the newest first",
    middleware: [allowed("environments:read")] as const,
    responses: { 200: json(offersSchema, "At most 200") },
  }),
  async (c) => {
    const offers = await readOffers(c.var.deps, c.var.principal);
    return c.json({ shares: offers.map(offerBody) }, 200);
  },
);

shares.openapi(
  createRoute({
    method: "post",
    path: "/shares/accept",
    operationId: "acceptSharedSecret",
    tags,
    summary: "Accept what a link or a mail holds; again is answered the same",
    description:
      "A link is good for many people until it ends, a mailed secret for whoever has that e-mail address, verified.",
    middleware: [allowed("environments:write")] as const,
    request: { body: body(acceptanceSchema) },
    responses: {
      200: json(offerSchema, "What is shared with you now"),
      ...problems({
        400: "The secret is wrong, revoked or has expired",
        403: "It is your own, for another address, yours is not verified, or enough people hold the link",
      }),
    },
  }),
  async (c) => c.json(offerBody(await acceptBySecret(c.var.deps, c.var.principal, c.req.valid("json").secret)), 200),
);

shares.openapi(
  createRoute({
    method: "post",
    path: "/shares/{id}/accept",
    operationId: "acceptShare",
    tags,
    summary: "Accept what was offered to your user name",
    middleware: [allowed("environments:write")] as const,
    request: { params: idParameter },
    responses: {
      200: json(offerSchema, "What is shared with you now"),
      ...problems({ 404: "Nothing offered to you" }),
    },
  }),
  async (c) => c.json(offerBody(await acceptById(c.var.deps, c.var.principal, c.req.valid("param").id)), 200),
);

shares.openapi(
  createRoute({
    method: "delete",
    path: "/shares/{id}",
    operationId: "leaveShare",
    tags,
    summary: "Leave or decline what is shared with you; your sockets there close",
    middleware: [allowed("environments:write")] as const,
    request: { params: idParameter },
    responses: {
      200: json(messageSchema, "You have left", { message: "You left the share" }),
      ...problems({ 404: "Nothing shared with you" }),
    },
  }),
  async (c) => {
    await leaveOffer(c.var.deps, c.var.principal, c.req.valid("param").id);
    return c.json({ message: "You left the share" }, 200);
  },
);
