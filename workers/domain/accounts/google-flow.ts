/**
 * Use case: signing in with Google in a browser. What the flow must see again (state, nonce, PKCE verifier) travels in a
 * sealed cookie, so that only the browser that began can end it. It ends with a one-time code for our page or for an
 * app's link, which is exchanged for tokens: no token is ever in a URL or in Redis. A code for the page is good only in
 * the same browser, or a link would sign people in to a stranger's account.
 */
import { z } from "zod";
import { authorizationUrl, redeemAuthorization, verifyIdToken } from "../../clients/google.ts";
import { keepOnce, takeOnce } from "../../clients/one-time.ts";
import { type GoogleConfig, hasGoogleFlow } from "../../rules/config.ts";
import { Failed, failureIn } from "../../rules/failures.ts";
import type { ProviderIdentity } from "../../rules/identities.ts";
import { base64url, secretBytes, secretText } from "../../rules/secrets.ts";
import { hashOf } from "../../rules/tokens.ts";
import { ivBytes, openText, sealText } from "../../store/sealing.ts";
import { beginCredentialAttempt } from "../credential-limits.ts";
import type { Deps } from "../deps.ts";
import { type SignedIn, signInAs } from "./google.ts";
import type { Device } from "./session-tokens.ts";

/** How long somebody may take at Google. */
export const flowSeconds = 600;
export const codeSeconds = 60;
const sealedFor = "google-flow";

const flowSchema = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  redirect_uri: z.string(),
  app_link: z.string().nullable(),
  expires_at_ms: z.number(),
});
type Flow = z.infer<typeof flowSchema>;

const codeSchema = z.object({
  identity: z.object({ issuer: z.string(), subject: z.string(), email: z.string(), name: z.string().nullable() }),
  /** The hash of what the browser's cookie holds; null = the code went to an app. */
  browser_hash: z.string().nullable(),
});

export type FlowFailure = "cancelled" | "state_mismatch" | "invalid_token" | "email_not_verified" | "unavailable";

/** How a browser's way ends: at the page, or at an app's link; with a code, or with the reason why there is none. */
export type FlowEnd = { appLink: string | null } & (
  | { kind: "signed_in"; code: string; browser: string }
  | { kind: "failed"; reason: FlowFailure }
);

/** Where to send the browser, and the cookie it has to bring back. Fails as `google_failed` (`not_configured`). */
export async function beginGoogleFlow(
  deps: Deps,
  asked: { redirectUri: string; appLink: string | undefined },
): Promise<{ url: string; cookie: string }> {
  const google = flowConfigOf(deps);
  const random = () => base64url(deps.randomBytes(secretBytes));
  const secrets = { state: random(), nonce: random(), verifier: random() };
  const flow: Flow = {
    ...secrets,
    redirect_uri: asked.redirectUri,
    app_link: google.appLinks.find((link) => link === asked.appLink) ?? null,
    expires_at_ms: deps.now().getTime() + flowSeconds * 1000,
  };
  const iv = deps.randomBytes(ivBytes);
  const cookie = await sealText(deps.config.environmentKeys, sealedFor, JSON.stringify(flow), iv);
  return { url: authorizationUrl(google, asked.redirectUri, secrets), cookie };
}

/** What came back from Google, with the cookie. */
export interface FlowReturn {
  state: string | undefined;
  code: string | undefined;
  error: string | undefined;
  cookie: string | undefined;
}

/** Ends the flow. Expected failures are part of the answer; the browser has to be led somewhere. */
export async function endGoogleFlow(deps: Deps, returned: FlowReturn): Promise<FlowEnd> {
  const google = flowConfigOf(deps);
  const flow = await openFlow(deps, returned.cookie);
  if (flow === null || returned.state !== flow.state)
    return { kind: "failed", reason: "state_mismatch", appLink: null };
  const appLink = flow.app_link;
  if (returned.error !== undefined || returned.code === undefined)
    return { kind: "failed", reason: "cancelled", appLink };
  try {
    const identity = await identityFor(deps, google, flow, returned.code);
    return { kind: "signed_in", appLink, ...(await issueCode(deps, identity, appLink)) };
  } catch (error) {
    return { kind: "failed", reason: flowFailureIn(error), appLink };
  }
}

/** Signs in by a one-time code. Fails as `invalid_code` for any other, or as signing in does. */
export async function exchangeGoogleCode(
  deps: Deps,
  shown: { code: string; browser: string | undefined },
  device: Device,
): Promise<SignedIn> {
  const { address } = device;
  const attempt = await beginCredentialAttempt(deps, { subject: `google-code:${hashOf(shown.code)}`, address });
  const kept = await takeOnce(deps.redis, "googleCode", shown.code, codeSchema);
  const isHere = kept !== null && (kept.browser_hash === null || kept.browser_hash === hashOf(shown.browser ?? ""));
  if (!isHere) throw new Failed({ kind: "invalid_code" });
  const signedIn = await signInAs(deps, kept.identity, device);
  await attempt.succeed();
  return signedIn;
}

async function identityFor(deps: Deps, google: GoogleConfig, flow: Flow, code: string): Promise<ProviderIdentity> {
  const idToken = await redeemAuthorization(google, flow.redirect_uri, { code, verifier: flow.verifier });
  return verifyIdToken(google, idToken, { audiences: [google.clientId], nonce: flow.nonce, now: deps.now() });
}

async function issueCode(deps: Deps, identity: ProviderIdentity, appLink: string | null) {
  const code = secretText("googleCode", deps.randomBytes(secretBytes));
  const browser = base64url(deps.randomBytes(secretBytes));
  const value: z.infer<typeof codeSchema> = { identity, browser_hash: appLink === null ? hashOf(browser) : null };
  await keepOnce(deps.redis, "googleCode", { secret: code, value, seconds: codeSeconds });
  return { code, browser };
}

async function openFlow(deps: Deps, cookie: string | undefined): Promise<Flow | null> {
  if (cookie === undefined) return null;
  const opened = await openText(deps.config.environmentKeys, sealedFor, cookie);
  const flow = opened.ok ? flowSchema.parse(JSON.parse(opened.text)) : null;
  return flow !== null && flow.expires_at_ms > deps.now().getTime() ? flow : null;
}

function flowConfigOf(deps: Deps) {
  const { google } = deps.config;
  if (!hasGoogleFlow(google)) throw new Failed({ kind: "google_failed", reason: "not_configured" });
  return google;
}

function flowFailureIn(error: unknown): FlowFailure {
  const failure = failureIn(error);
  if (failure?.kind === "unavailable") return "unavailable";
  const reason = failure?.kind === "google_failed" ? failure.reason : null;
  if (reason === "invalid_token" || reason === "email_not_verified") return reason;
  throw error;
}
