/** /api/v1/auth: making an account, signing in and out, refreshing, and who one is. */
import { createRoute, z } from "@hono/zod-openapi";
import { login } from "../domain/accounts/login.ts";
import { register } from "../domain/accounts/register.ts";
import type { Device } from "../domain/accounts/session-tokens.ts";
import { endSessions, refresh } from "../domain/accounts/sessions.ts";
import { allowed, authenticated } from "../http/authenticate.ts";
import { addressOf } from "../http/client-address.ts";
import type { AppContext } from "../http/context.ts";
import { limitedByAddress } from "../http/limits.ts";
import { bearer, isBlank, newRouter, withOneOf } from "../http/router.ts";
import {
  bodyOf,
  email,
  fullName,
  jsonOf,
  messageSchema,
  newPassword,
  tokensSchema,
  toUser,
  typedName,
  typedPassword,
  username,
  userSchema,
} from "./account-shapes.ts";

const registerSchema = z.object({ username, email, password: newPassword, full_name: fullName.optional() });

const loginNames = ["username_or_email", "email", "username"] as const;
const loginSchema = withOneOf(
  z.object({
    username_or_email: typedName.optional(),
    email: typedName.optional(),
    username: typedName.optional(),
    password: typedPassword,
  }),
  loginNames,
).transform(({ password, ...names }) => ({
  name: loginNames.map((field) => names[field]).find((name) => !isBlank(name)) ?? "",
  password,
}));

const signedInSchema = tokensSchema.extend({ user: userSchema });
const registeredSchema = userSchema.extend({ ...signedInSchema.shape, message: z.string() });

export const auth = newRouter();

auth.openapi(
  createRoute({
    method: "post",
    path: "/register",
    tags: ["auth"],
    summary: "Make an account and sign in",
    middleware: [limitedByAddress] as const,
    request: { body: bodyOf(registerSchema) },
    responses: {
      201: jsonOf(registeredSchema, "The new account with its first session"),
      409: { description: "The user name or the e-mail address is taken" },
    },
  }),
  async (c) => {
    const { full_name = null, ...rest } = c.req.valid("json");
    const { account, tokens } = await register(c.var.deps, { ...rest, fullName: full_name }, deviceOf(c));
    const user = toUser(account);
    return c.json({ ...user, user, message: "User registered successfully", ...tokens }, 201);
  },
);

auth.openapi(
  createRoute({
    method: "post",
    path: "/login",
    tags: ["auth"],
    summary: "Sign in with a user name or an e-mail address; JSON or form",
    middleware: [limitedByAddress] as const,
    request: { body: bodyOf(loginSchema) },
    responses: {
      200: jsonOf(signedInSchema, "A new session"),
      401: { description: "Incorrect username/email or password" },
      429: { description: "Too many attempts, or the account is locked" },
    },
  }),
  async (c) => {
    const { account, tokens } = await login(c.var.deps, c.req.valid("json"), deviceOf(c));
    return c.json({ ...tokens, user: toUser(account) }, 200);
  },
);

auth.openapi(
  createRoute({
    method: "post",
    path: "/refresh",
    tags: ["auth"],
    summary: "New tokens for a refresh token",
    middleware: [limitedByAddress] as const,
    request: { body: bodyOf(z.object({ refresh_token: z.string().min(1) })) },
    responses: {
      200: jsonOf(tokensSchema, "A new access token and the next refresh token"),
      401: { description: "The refresh token is not valid, or its session has ended" },
    },
  }),
  async (c) => c.json(await refresh(c.var.deps, c.req.valid("json").refresh_token), 200),
);

auth.openapi(
  createRoute({
    method: "post",
    path: "/logout",
    tags: ["auth"],
    summary: "End this session",
    security: bearer,
    middleware: [authenticated] as const,
    responses: { 200: jsonOf(messageSchema, "The session has ended") },
  }),
  async (c) => {
    await endSessions(c.var.deps, c.var.principal, "this");
    return c.json({ message: "Successfully logged out" }, 200);
  },
);

auth.openapi(
  createRoute({
    method: "post",
    path: "/logout-all",
    tags: ["auth"],
    summary: "End every session of this account",
    security: bearer,
    middleware: [authenticated] as const,
    responses: { 200: jsonOf(messageSchema, "Every session has ended") },
  }),
  async (c) => {
    await endSessions(c.var.deps, c.var.principal, "all");
    return c.json({ message: "Successfully logged out everywhere" }, 200);
  },
);

for (const path of ["/me", "/profile"]) {
  auth.openapi(
    createRoute({
      method: "get",
      path,
      tags: ["auth"],
      summary: "Who is signed in",
      security: bearer,
      middleware: [allowed("account:read")] as const,
      responses: { 200: jsonOf(userSchema, "The signed-in person") },
    }),
    (c) => c.json(toUser(c.var.principal.account), 200),
  );
}

function deviceOf(c: AppContext): Device {
  return { address: addressOf(c), userAgent: c.req.header("user-agent") ?? null };
}
