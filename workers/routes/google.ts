/** /api/v1/auth/google: signing in with Google, by an app's id token or through the browser. */
import { createRoute, z } from "@hono/zod-openapi";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { signInWithGoogle } from "../domain/accounts/google.ts";
import {
  beginGoogleFlow,
  codeSeconds,
  endGoogleFlow,
  exchangeGoogleCode,
  type FlowEnd,
  flowSeconds,
} from "../domain/accounts/google-flow.ts";
import { body, json, problems } from "../http/answers.ts";
import type { AppContext } from "../http/context.ts";
import { deviceOf, rememberDevice } from "../http/device.ts";
import { limitedByAddress } from "../http/limits.ts";
import { isBlank, newRouter, withOneOf } from "../http/router.ts";
import { toUser } from "./account-shapes.ts";
import { signedInSchema } from "./auth.ts";

const cookiePath = "/api/v1/auth/google";
const flowCookie = "dp_google_flow";
const browserCookie = "dp_google_browser";
const maxTokenLength = 8192;

const tokenNames = ["id_token", "token", "credential"] as const;
const idTokenSchema = withOneOf(
  z.object({
    id_token: z.string().max(maxTokenLength).optional(),
    token: z.string().max(maxTokenLength).optional(),
    credential: z.string().max(maxTokenLength).optional(),
  }),
  tokenNames,
)
  .transform((names) => tokenNames.map((name) => names[name]).find((token) => !isBlank(token)) ?? "")
  .openapi("GoogleSignIn", {
    description: "One of the three",
    example: { id_token: "eyJhbGciOiJSUzI1NiIsImtpZCI6..." },
  });

const codeSchema = z
  .object({ code: z.string().max(256) })
  .openapi("GoogleCode", { example: { code: `dp_google_${"A".repeat(43)}` } });

const redirect = {
  description: "On to the next place",
  headers: z.object({ Location: z.string() }),
};

export const google = newRouter();

google.openapi(
  createRoute({
    method: "post",
    path: "/google",
    operationId: "signInWithGoogle",
    tags: ["auth"],
    summary: "Sign in with an id token of Google's; makes an account for a new address",
    middleware: [limitedByAddress] as const,
    request: { body: body(idTokenSchema) },
    responses: {
      200: json(signedInSchema, "A new session"),
      ...problems({
        401: "The token is forged, expired, or of another issuer or audience",
        403: "Google has not verified the e-mail address, or the account is disabled",
        404: "Sign-in with Google is not set up here",
        409: "The account of this address is linked to another sign-in",
      }),
    },
  }),
  async (c) => {
    const device = deviceOf(c);
    const { account, tokens } = await signInWithGoogle(c.var.deps, c.req.valid("json"), device);
    rememberDevice(c, device);
    return c.json({ ...tokens, user: toUser(account) }, 200);
  },
);

google.openapi(
  createRoute({
    method: "get",
    path: "/google",
    operationId: "beginGoogleSignIn",
    tags: ["auth"],
    summary: "Lead a browser to Google; it comes back to the page, or to an app link that is on the server's list",
    middleware: [limitedByAddress] as const,
    request: { query: z.object({ redirect: z.string().max(2048).optional() }) },
    responses: { 302: redirect, ...problems({ 404: "Sign-in with Google is not set up here" }) },
  }),
  async (c) => {
    const asked = {
      redirectUri: `${c.var.deps.publicUrl}${cookiePath}/callback`,
      appLink: c.req.valid("query").redirect,
    };
    const { url, cookie } = await beginGoogleFlow(c.var.deps, asked);
    setCookie(c, flowCookie, cookie, { ...cookieOptions(c), maxAge: flowSeconds });
    return c.redirect(url, 302);
  },
);

google.openapi(
  createRoute({
    method: "get",
    path: "/google/callback",
    operationId: "endGoogleSignIn",
    tags: ["auth"],
    summary:
      "Where Google sends the browser back to; leads on with a one-time code, or with the reason why there is none",
    middleware: [limitedByAddress] as const,
    request: {
      query: z.object({
        state: z.string().max(256).optional(),
        code: z.string().max(2048).optional(),
        error: z.string().max(256).optional(),
      }),
    },
    responses: { 302: redirect, ...problems({ 404: "Sign-in with Google is not set up here" }) },
  }),
  async (c) => {
    const { state, code, error } = c.req.valid("query");
    const end = await endGoogleFlow(c.var.deps, { state, code, error, cookie: getCookie(c, flowCookie) });
    deleteCookie(c, flowCookie, cookieOptions(c));
    if (end.kind === "signed_in" && end.appLink === null)
      setCookie(c, browserCookie, end.browser, { ...cookieOptions(c), maxAge: codeSeconds });
    return c.redirect(destinationOf(end, c.var.deps.publicUrl), 302);
  },
);

google.openapi(
  createRoute({
    method: "post",
    path: "/google/exchange",
    operationId: "exchangeGoogleCode",
    tags: ["auth"],
    summary: "Tokens for the one-time code of the browser's way, within 60 s; from the page only in the same browser",
    middleware: [limitedByAddress] as const,
    request: { body: body(codeSchema) },
    responses: {
      200: json(signedInSchema, "A new session"),
      ...problems({
        400: "The code was used, has expired or was never given out",
        403: "The account is disabled",
        409: "The account of this address is linked to another sign-in",
      }),
    },
  }),
  async (c) => {
    const shown = { code: c.req.valid("json").code, browser: getCookie(c, browserCookie) };
    const device = deviceOf(c);
    const { account, tokens } = await exchangeGoogleCode(c.var.deps, shown, device);
    rememberDevice(c, device);
    deleteCookie(c, browserCookie, cookieOptions(c));
    return c.json({ ...tokens, user: toUser(account) }, 200);
  },
);

/** The page is told in the fragment, which no server sees and no log holds; an app's link in its query. */
function destinationOf(end: FlowEnd, publicUrl: string): string {
  const [name, value] = end.kind === "signed_in" ? (["code", end.code] as const) : (["error", end.reason] as const);
  if (end.appLink === null) return `${publicUrl}/#/${name === "code" ? "google" : "google-failed"}/${value}`;
  const link = new URL(end.appLink);
  link.searchParams.set(name, value);
  return link.href;
}

/** Lax: the cookie has to come along when Google sends the browser back. */
function cookieOptions(c: AppContext) {
  const secure = new URL(c.var.deps.publicUrl).protocol === "https:";
  return { path: cookiePath, httpOnly: true, secure, sameSite: "Lax" } as const;
}
