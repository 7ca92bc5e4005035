/** /api/v1/clusters/{id}/tokens: what a cluster's bridges show to be let in. For administrators. */
import { createRoute, z } from "@hono/zod-openapi";
import {
  type BridgeToken,
  endBridgeToken,
  issueBridgeToken,
  readBridgeTokens,
  rotateBridgeToken,
} from "../../domain/catalog/bridge-tokens.ts";
import { body, json, problems } from "../../http/answers.ts";
import { administrator } from "../../http/authenticate.ts";
import { idempotent } from "../../http/idempotent.ts";
import { newRouter } from "../../http/router.ts";
import { printable } from "../../rules/texts.ts";
import { messageSchema } from "../account-shapes.ts";
import { clusterParameter } from "./shape.ts";

export const tokens = newRouter();

const example = {
  id: "brt_0000000000example00",
  name: "frankfurt-1",
  created_at: "2026-10-20T12:00:00.000Z",
  last_used: null,
  expires_at: null,
};
const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    created_at: z.iso.datetime(),
    last_used: z.iso.datetime().nullable().openapi({ description: "Exact to five minutes" }),
    expires_at: z.iso.datetime().nullable().openapi({ description: "When one that was replaced ends" }),
  })
  .openapi("BridgeToken", { example });
const issuedSchema = tokenSchema
  .extend({ token: z.string().openapi({ description: "Shown this once" }) })
  .openapi("IssuedBridgeToken", { example: { ...example, token: `dp_bridge_${"x".repeat(43)}` } });
const listSchema = z.object({ tokens: z.array(tokenSchema) }).openapi("BridgeTokenList");
const parameters = clusterParameter.extend({ tokenId: z.string() });

function tokenBody(row: BridgeToken): z.infer<typeof tokenSchema> {
  return {
    id: row.id,
    name: row.name,
    created_at: row.createdAt.toISOString(),
    last_used: row.lastUsedAt?.toISOString() ?? null,
    expires_at: row.revokedAt?.toISOString() ?? null,
  };
}

tokens.openapi(
  createRoute({
    method: "get",
    path: "/{id}/tokens",
    operationId: "listBridgeTokens",
    tags: ["clusters"],
    summary: "The live tokens of a cluster's bridges, without their secrets",
    middleware: [administrator],
    request: { params: clusterParameter },
    responses: { 200: json(listSchema, "The oldest first"), ...problems({ 404: "Unknown cluster" }) },
  }),
  async (c) => {
    const rows = await readBridgeTokens(c.var.deps, c.req.valid("param").id);
    return c.json({ tokens: rows.map(tokenBody) }, 200);
  },
);

const askedSchema = z
  .object({ name: z.string().trim().min(1).max(50).regex(printable, "must be printable") })
  .openapi("NewBridgeToken", { example: { name: "frankfurt-1" } });

tokens.openapi(
  createRoute({
    method: "post",
    path: "/{id}/tokens",
    operationId: "issueBridgeToken",
    tags: ["clusters"],
    summary: "Issue a token for a bridge; the answer is the only place that ever shows it",
    middleware: [administrator, idempotent],
    request: { params: clusterParameter, body: body(askedSchema) },
    responses: { 201: json(issuedSchema, "The token"), ...problems({ 404: "Unknown cluster" }) },
  }),
  async (c) => {
    const { name } = c.req.valid("json");
    const issued = await issueBridgeToken(c.var.deps, c.var.principal, c.req.valid("param").id, name);
    return c.json({ ...tokenBody(issued), token: issued.token }, 201);
  },
);

const rotationSchema = z
  .object({ immediately: z.boolean().default(false) })
  .openapi("BridgeTokenRotation", { example: { immediately: false } });
const rotatedSchema = issuedSchema
  .extend({ replaces: z.string(), replaced_until: z.iso.datetime() })
  .openapi("RotatedBridgeToken", {
    example: {
      ...example,
      token: `dp_bridge_${"x".repeat(43)}`,
      replaces: "brt_0000000000example01",
      replaced_until: "2026-10-20T12:10:00.000Z",
    },
  });

tokens.openapi(
  createRoute({
    method: "post",
    path: "/{id}/tokens/{tokenId}/rotate",
    operationId: "rotateBridgeToken",
    tags: ["clusters"],
    summary: "Replace a token; the old one is good for ten more minutes, with `immediately` not a moment",
    middleware: [administrator, idempotent],
    request: { params: parameters, body: body(rotationSchema) },
    responses: {
      201: json(rotatedSchema, "The new token"),
      ...problems({ 404: "No live token that was not replaced" }),
    },
  }),
  async (c) => {
    const { id: cluster, tokenId } = c.req.valid("param");
    const asked = { cluster, tokenId, isImmediate: c.req.valid("json").immediately };
    const { issued, oldEndsAt } = await rotateBridgeToken(c.var.deps, c.var.principal, asked);
    const replaced = { replaces: tokenId, replaced_until: oldEndsAt.toISOString() };
    return c.json({ ...tokenBody(issued), token: issued.token, ...replaced }, 201);
  },
);

tokens.openapi(
  createRoute({
    method: "delete",
    path: "/{id}/tokens/{tokenId}",
    operationId: "revokeBridgeToken",
    tags: ["clusters"],
    summary: "Revoke a token; the links it opened close within seconds",
    middleware: [administrator],
    request: { params: parameters },
    responses: { 200: json(messageSchema, "Revoked"), ...problems({ 404: "No live token of this cluster" }) },
  }),
  async (c) => {
    const { id, tokenId } = c.req.valid("param");
    await endBridgeToken(c.var.deps, c.var.principal, id, tokenId);
    return c.json({ message: "Token was revoked" }, 200);
  },
);
