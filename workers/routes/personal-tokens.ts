/** /api/v1/auth/tokens: personal tokens for programs. Only a session reaches these; no token makes another one. */
import { createRoute, z } from "@hono/zod-openapi";
import {
  createPersonalToken,
  endPersonalToken,
  maxLiveTokens,
  readPersonalTokens,
} from "../domain/accounts/personal-tokens.ts";
import { body, json, problems } from "../http/answers.ts";
import { authenticated } from "../http/authenticate.ts";
import { idempotent } from "../http/idempotent.ts";
import { newRouter } from "../http/router.ts";
import { scopes } from "../rules/principal.ts";
import { messageSchema } from "./account-shapes.ts";

const defaultDays = 90;
const maxDays = 366;

const tokenExample = {
  id: "pat_0123456789abcdefghij",
  name: "deploy script",
  scopes: ["environments:read" as const],
  created_at: "2026-11-24T08:00:00.000Z",
  expires_at: "2027-02-22T08:00:00.000Z",
  last_used: null,
};

const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.enum(scopes)),
    created_at: z.string(),
    expires_at: z.string().nullable(),
    last_used: z.string().nullable().openapi({ description: "Written at most every 5 minutes" }),
  })
  .openapi("PersonalToken", { example: tokenExample });

const tokensSchema = z.object({ tokens: z.array(tokenSchema) }).openapi("PersonalTokens", {
  example: { tokens: [tokenExample] },
});

const createdSchema = tokenSchema
  .extend({ token: z.string().openapi({ description: "Shown here and never again" }) })
  .openapi("NewPersonalToken", { example: { ...tokenExample, token: `dp_pat_${"A".repeat(43)}` } });

const askedSchema = z
  .object({
    name: z.string().trim().min(1).max(50),
    scopes: z.array(z.enum(scopes)).min(1).max(scopes.length),
    expires_in_days: z.int().min(1).max(maxDays).default(defaultDays),
  })
  .openapi("PersonalTokenRequest", {
    example: { name: "deploy script", scopes: ["environments:read"], expires_in_days: 90 },
  });

export const personalTokens = newRouter();

personalTokens.openapi(
  createRoute({
    method: "post",
    path: "/tokens",
    operationId: "createPersonalToken",
    tags: ["auth"],
    summary: "Make a token for a program; it ends when the password changes",
    middleware: [authenticated, idempotent] as const,
    request: { body: body(askedSchema) },
    responses: {
      201: json(createdSchema, "The token, whose text is shown only here"),
      ...problems({
        400: "A field is wrong",
        403: `A personal token asked, the scope \`admin\` is not for you, or you have ${maxLiveTokens} tokens`,
      }),
    },
  }),
  async (c) => {
    const { name, scopes: asked, expires_in_days: expiresInDays } = c.req.valid("json");
    const made = await createPersonalToken(c.var.deps, c.var.principal, { name, scopes: asked, expiresInDays });
    return c.json({ ...tokenBody(made), token: made.token }, 201);
  },
);

personalTokens.openapi(
  createRoute({
    method: "get",
    path: "/tokens",
    operationId: "listPersonalTokens",
    tags: ["auth"],
    summary: "Your tokens that were not revoked, the newest first",
    middleware: [authenticated] as const,
    responses: { 200: json(tokensSchema, "Never with their text") },
  }),
  async (c) => {
    const tokens = await readPersonalTokens(c.var.deps, c.var.principal);
    return c.json({ tokens: tokens.map(tokenBody) }, 200);
  },
);

personalTokens.openapi(
  createRoute({
    method: "delete",
    path: "/tokens/{id}",
    operationId: "revokePersonalToken",
    tags: ["auth"],
    summary: "Revoke a token",
    middleware: [authenticated] as const,
    request: { params: z.object({ id: z.string().openapi({ example: tokenExample.id }) }) },
    responses: {
      200: json(messageSchema, "The token and its sockets have ended", { message: "The token was revoked" }),
      ...problems({ 404: "None of yours that lives" }),
    },
  }),
  async (c) => {
    await endPersonalToken(c.var.deps, c.var.principal, c.req.valid("param").id);
    return c.json({ message: "The token was revoked" }, 200);
  },
);

function tokenBody(token: Awaited<ReturnType<typeof readPersonalTokens>>[number]): z.infer<typeof tokenSchema> {
  return {
    id: token.id,
    name: token.name,
    scopes: token.scopes,
    created_at: token.createdAt.toISOString(),
    expires_at: token.expiresAt?.toISOString() ?? null,
    last_used: token.lastUsedAt?.toISOString() ?? null,
  };
}
