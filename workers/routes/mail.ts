/** /api/v1/auth: what mails lead to (verifying an address, a new password), and asking for such a mail. */
import { createRoute, z } from "@hono/zod-openapi";
import { requestReset, resetPassword } from "../domain/accounts/password-reset.ts";
import { resendVerification, verifyEmail } from "../domain/accounts/verification.ts";
import { body, json, problems } from "../http/answers.ts";
import { perhapsAuthenticated } from "../http/authenticate.ts";
import { addressOf } from "../http/client-address.ts";
import type { AppContext } from "../http/context.ts";
import { limitedByAddress } from "../http/limits.ts";
import { newRouter } from "../http/router.ts";
import { Failed } from "../rules/failures.ts";
import type { Principal } from "../rules/principal.ts";
import { email, messageSchema, newPassword } from "./account-shapes.ts";

const maxTokenLength = 256;
const mailedToken = z.string().min(1).max(maxTokenLength);
const exampleToken = "A".repeat(43);
const noGood = { 400: "The link or code is wrong, used, replaced by a newer one, or has expired" };

const verifySchema = z.object({ token: mailedToken }).openapi("VerifyEmail", {
  description: "The token of the mailed link, or the 6 digits of the same mail together with a bearer token",
  example: { token: exampleToken },
});

const resendSchema = z.object({ email: email.optional() }).openapi("ResendVerification", {
  description: "Whoever is signed in needs no address",
  example: { email: "ada@example.com" },
});

const forgotSchema = z.object({ email }).openapi("ForgotPassword", { example: { email: "ada@example.com" } });

const resetSchema = z
  .object({ token: mailedToken, new_password: newPassword })
  .openapi("ResetPassword", { example: { token: exampleToken, new_password: "SecurePass123!" } });

export const mail = newRouter();

mail.openapi(
  createRoute({
    method: "post",
    path: "/verify-email",
    operationId: "verifyEmail",
    tags: ["auth"],
    summary: "Verify an e-mail address by what was mailed to it",
    description: "The link works for 24 hours. The code works for 30 minutes and dies after 5 wrong ones.",
    middleware: [perhapsAuthenticated] as const,
    request: { body: body(verifySchema) },
    responses: { 200: json(messageSchema, "The address is verified"), ...problems(noGood) },
  }),
  async (c) => {
    const { token } = c.req.valid("json");
    await verifyEmail(c.var.deps, { token, principal: signedIn(c), address: addressOf(c) });
    return c.json({ message: "Email verified successfully" }, 200);
  },
);

mail.openapi(
  createRoute({
    method: "post",
    path: "/resend-verification",
    operationId: "resendVerification",
    tags: ["auth"],
    summary: "Mail a new link and code; the older ones stop working",
    description: "At most once a minute. The answer is the same for every address.",
    middleware: [perhapsAuthenticated] as const,
    request: { body: body(resendSchema) },
    responses: { 200: json(messageSchema, "If the address waits to be verified, a mail is on its way") },
  }),
  async (c) => {
    const principal = signedIn(c);
    const { email: address } = c.req.valid("json");
    await resendVerification(
      c.var.deps,
      principal === null ? { email: required(address) } : { principal },
      addressOf(c),
    );
    return c.json({ message: "If the address waits to be verified, a mail is on its way" }, 200);
  },
);

mail.openapi(
  createRoute({
    method: "post",
    path: "/forgot-password",
    operationId: "forgotPassword",
    tags: ["auth"],
    summary: "Mail a link that leads to a new password",
    description: "At most once a minute. The answer is the same for every address.",
    middleware: [limitedByAddress] as const,
    request: { body: body(forgotSchema) },
    responses: { 200: json(messageSchema, "If somebody has this address, a mail is on its way") },
  }),
  async (c) => {
    await requestReset(c.var.deps, c.req.valid("json").email, addressOf(c));
    return c.json({ message: "If somebody has this address, a mail is on its way" }, 200);
  },
);

mail.openapi(
  createRoute({
    method: "post",
    path: "/reset-password",
    operationId: "resetPassword",
    tags: ["auth"],
    summary: "Set a new password by a mailed link; every session and personal token ends",
    middleware: [limitedByAddress] as const,
    request: { body: body(resetSchema) },
    responses: { 200: json(messageSchema, "The password has changed; sign in with it"), ...problems(noGood) },
  }),
  async (c) => {
    const { token, new_password: password } = c.req.valid("json");
    await resetPassword(c.var.deps, { token, password }, addressOf(c));
    return c.json({ message: "Password reset successfully" }, 200);
  },
);

function signedIn(c: AppContext): Principal | null {
  const principal: Principal | undefined = c.var.principal;
  return principal ?? null;
}

function required(address: string | undefined): string {
  if (address !== undefined) return address;
  throw new Failed({ kind: "invalid_input", errors: [{ field: "email", message: "Required", code: "invalid_type" }] });
}
