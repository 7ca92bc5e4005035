/** /api/v1/environments/{id}/shares: what the owner of an environment offers to others. */
import { createRoute, z } from "@hono/zod-openapi";
import { changeShare, endGuest, endShare, offerShare, readShares } from "../../domain/sharing/offer.ts";
import { body, json, problems } from "../../http/answers.ts";
import { allowed } from "../../http/authenticate.ts";
import { addressOf } from "../../http/client-address.ts";
import { idempotent } from "../../http/idempotent.ts";
import { newRouter } from "../../http/router.ts";
import { messageSchema } from "../account-shapes.ts";
import { idParameter } from "./shapes.ts";
import {
  addresseeIn,
  askedShareSchema,
  guestRoleSchema,
  newShareSchema,
  shareBody,
  shareSchema,
  sharesSchema,
} from "./share-shapes.ts";

export const environmentShares = newRouter();

const tags = ["sharing"];
const shareParameters = idParameter.extend({ share_id: z.string() });

environmentShares.openapi(
  createRoute({
    method: "post",
    path: "/{id}/shares",
    operationId: "shareEnvironment",
    tags,
    summary: "Offer your environment to a user, to an e-mail address, or to whoever has a link",
    description:
      "A viewer watches, a driver types too. No answer shows them the variables, but the shell has them: a driver can " +
      "type `env`, and a viewer sees whatever is printed, the scrollback included. Whoever watches keeps the environment " +
      "in use. Unknown names and addresses are answered like known ones. A link and a mailed secret are accepted at " +
      "POST /shares/accept, an offer to a user name by its id.",
    middleware: [allowed("environments:write"), idempotent] as const,
    request: { params: idParameter, body: body(askedShareSchema) },
    responses: {
      201: json(newShareSchema, "The share; that of a link with its secret"),
      ...problems({
        403: "The environment has as many shares as it may have",
        404: "None of yours",
        409: "It is offered to this user name already",
        503: "No mail can be sent",
      }),
    },
  }),
  async (c) => {
    const asked = c.req.valid("json");
    const { kind, role, expires_in_seconds: expiresInSeconds } = asked;
    const { share, link } = await offerShare(c.var.deps, c.var.principal, {
      id: c.req.valid("param").id,
      address: addressOf(c),
      asked: { kind, role, expiresInSeconds, addressee: addresseeIn(asked) },
    });
    return c.json({ ...shareBody(share), secret: link?.secret ?? null, url: link?.url ?? null }, 201);
  },
);

environmentShares.openapi(
  createRoute({
    method: "get",
    path: "/{id}/shares",
    operationId: "listShares",
    tags,
    summary: "What you offer and who has accepted it, the newest first",
    middleware: [allowed("environments:read")] as const,
    request: { params: idParameter },
    responses: {
      200: json(sharesSchema, "Those that live, never with a secret"),
      ...problems({ 404: "None of yours" }),
    },
  }),
  async (c) => {
    const shares = await readShares(c.var.deps, c.var.principal, c.req.valid("param").id);
    return c.json({ shares: shares.map(shareBody) }, 200);
  },
);

environmentShares.openapi(
  createRoute({
    method: "patch",
    path: "/{id}/shares/{share_id}",
    operationId: "changeShare",
    tags,
    summary: "Give a share another role; its guests' sockets close and may dial again at once",
    middleware: [allowed("environments:write")] as const,
    request: {
      params: shareParameters,
      body: body(
        z.object({ role: guestRoleSchema.optional() }).openapi("ShareChange", { example: { role: "driver" } }),
      ),
    },
    responses: { 200: json(shareSchema, "The share as it is now"), ...problems({ 404: "None of yours that lives" }) },
  }),
  async (c) => {
    const share = await changeShare(
      c.var.deps,
      c.var.principal,
      namedIn(c.req.valid("param")),
      c.req.valid("json").role,
    );
    return c.json(shareBody(share), 200);
  },
);

environmentShares.openapi(
  createRoute({
    method: "delete",
    path: "/{id}/shares/{share_id}",
    operationId: "revokeShare",
    tags,
    summary: "Revoke a share; its guests' sockets close within 5 seconds",
    middleware: [allowed("environments:write")] as const,
    request: { params: shareParameters },
    responses: {
      200: json(messageSchema, "It has ended", { message: "The share was revoked" }),
      ...problems({ 404: "None of yours that lives" }),
    },
  }),
  async (c) => {
    await endShare(c.var.deps, c.var.principal, namedIn(c.req.valid("param")));
    return c.json({ message: "The share was revoked" }, 200);
  },
);

environmentShares.openapi(
  createRoute({
    method: "delete",
    path: "/{id}/shares/{share_id}/guests/{user_id}",
    operationId: "removeGuest",
    tags,
    summary: "Take one guest out of a share for good; their sockets close within 5 seconds",
    description: "A link stays good for everybody else. A share that was for nobody else ends with its guest.",
    middleware: [allowed("environments:write")] as const,
    request: { params: shareParameters.extend({ user_id: z.string() }) },
    responses: {
      200: json(messageSchema, "They are out", { message: "The guest was removed" }),
      ...problems({ 404: "No guest of a share of yours that lives" }),
    },
  }),
  async (c) => {
    const { user_id: userId, ...named } = c.req.valid("param");
    await endGuest(c.var.deps, c.var.principal, { ...namedIn(named), userId });
    return c.json({ message: "The guest was removed" }, 200);
  },
);

function namedIn({ id: environmentId, share_id: shareId }: { id: string; share_id: string }) {
  return { environmentId, shareId };
}
