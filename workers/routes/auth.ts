/** /api/v1/auth: making an account, signing in and out, refreshing, and who one is. */
import { createRoute, z } from "@hono/zod-openapi";
import { login } from "../domain/accounts/login.ts";
import { register } from "../domain/accounts/register.ts";
import { endSessions, refresh } from "../domain/accounts/sessions.ts";
import { body, json, problems } from "../http/answers.ts";
import { allowed, authenticated } from "../http/authenticate.ts";
import { deviceOf, rememberDevice } from "../http/device.ts";
import { idempotent } from "../http/idempotent.ts";
import { limitedByAddress } from "../http/limits.ts";
import { isBlank, newRouter, withOneOf } from "../http/router.ts";
import {
  email,
  fullName,
  messageSchema,
  newPassword,
  tokensExample,
  tokensSchema,
  toUser,
  typedName,
  typedPassword,
  userExample,
  username,
  userSchema,
  userVersion,
} from "./account-shapes.ts";

const registerSchema = z
  .object({ username, email, password: newPassword, full_name: fullName.optional() })
  .openapi("Registration", {
    example: { username: "ada", email: "ada@example.com", password: "SecurePass123!", full_name: "Ada Lovelace" },
  });

const loginNames = ["username_or_email", "email", "username"] as const;
const loginSchema = withOneOf(
  z.object({
    username_or_email: typedName.optional(),
    email: typedName.optional(),
    username: typedName.optional(),
    password: typedPassword,
  }),
  loginNames,
)
  .transform(({ password, ...names }) => ({
    name: loginNames.map((field) => names[field]).find((name) => !isBlank(name)) ?? "",
    password,
  }))
  .openapi("Login", {
    description: "One of the three names, and the password",
    example: { username_or_email: "ada@example.com", password: "SecurePass123!" },
  });

const refreshSchema = z
  .object({ refresh_token: z.string().min(1) })
  .openapi("Refresh", { example: { refresh_token: tokensExample.refresh_token } });

const signedInExample = { ...tokensExample, user: userExample };
export const signedInSchema = z
  .object({ ...tokensSchema.shape, user: userSchema })
  .openapi("SignedIn", { example: signedInExample });
const registeredSchema = z
  .object({ ...userSchema.shape, ...signedInSchema.shape, message: z.string() })
  .openapi("Registered", {
    description: "The user's fields at the top level, and again in `user`",
    example: { ...userExample, ...signedInExample, message: "User registered successfully" },
  });

export const auth = newRouter();

auth.openapi(
  createRoute({
    method: "post",
    path: "/register",
    operationId: "register",
    tags: ["auth"],
    summary: "Make an account and sign in",
    middleware: [limitedByAddress, idempotent] as const,
    request: { body: body(registerSchema) },
    responses: {
      201: json(registeredSchema, "The new account with its first session"),
      ...problems({ 409: "The user name or the e-mail address is taken" }),
    },
  }),
  async (c) => {
    const { full_name = null, ...rest } = c.req.valid("json");
    const device = deviceOf(c);
    const { account, tokens } = await register(c.var.deps, { ...rest, fullName: full_name }, device);
    rememberDevice(c, device);
    const user = toUser(account);
    return c.json({ ...user, user, message: "User registered successfully", ...tokens }, 201);
  },
);

auth.openapi(
  createRoute({
    method: "post",
    path: "/login",
    operationId: "login",
    tags: ["auth"],
    summary: "Sign in with a user name or an e-mail address",
    description: "The body may be a form (`application/x-www-form-urlencoded`) of the same fields.",
    middleware: [limitedByAddress] as const,
    request: { body: body(loginSchema) },
    responses: {
      200: json(signedInSchema, "A new session"),
      ...problems({
        401: "Incorrect username/email or password",
        403: "The account is disabled, which is told only to who knows its password",
        429: "Too many attempts, or the account is locked",
      }),
    },
  }),
  async (c) => {
    const device = deviceOf(c);
    const { account, tokens } = await login(c.var.deps, c.req.valid("json"), device);
    rememberDevice(c, device);
    return c.json({ ...tokens, user: toUser(account) }, 200);
  },
);

auth.openapi(
  createRoute({
    method: "post",
    path: "/refresh",
    operationId: "refresh",
    tags: ["auth"],
    summary: "New tokens for a refresh token",
    description: "Within 30 seconds the replaced token answers the same successor; after that it ends the session.",
    middleware: [limitedByAddress] as const,
    request: { body: body(refreshSchema) },
    responses: {
      200: json(tokensSchema, "A new access token and the next refresh token"),
      ...problems({ 401: "The refresh token is not valid, or its session has ended" }),
    },
  }),
  async (c) => c.json(await refresh(c.var.deps, c.req.valid("json").refresh_token), 200),
);

auth.openapi(
  createRoute({
    method: "post",
    path: "/logout",
    operationId: "logout",
    tags: ["auth"],
    summary: "End this session",
    middleware: [authenticated] as const,
    responses: { 200: json(messageSchema, "The session has ended") },
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
    operationId: "logoutAll",
    tags: ["auth"],
    summary: "End every session of this account",
    middleware: [authenticated] as const,
    responses: { 200: json(messageSchema, "Every session has ended") },
  }),
  async (c) => {
    await endSessions(c.var.deps, c.var.principal, "all");
    return c.json({ message: "Successfully logged out everywhere" }, 200);
  },
);

for (const [path, operationId] of Object.entries({ "/me": "getMe", "/profile": "getProfile" })) {
  auth.openapi(
    createRoute({
      method: "get",
      path,
      operationId,
      tags: ["auth"],
      summary: "Who is signed in",
      middleware: [allowed("account:read"), userVersion.read] as const,
      responses: { 200: json(userSchema, "The signed-in person") },
    }),
    (c) => c.json(toUser(c.var.principal.account), 200),
  );
}
