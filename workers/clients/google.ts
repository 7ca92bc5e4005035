/**
 * Google, or the OpenID provider in its place: checks its id tokens (OpenID Connect Core, 3.1.3.7) and leads browsers
 * through its authorization code flow with PKCE. Whether its key set and token endpoint answer is told apart from
 * whether a token is good.
 */
import { CodeChallengeMethod, OAuth2Client, OAuth2RequestError } from "arctic";
import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { GoogleConfig } from "../rules/config.ts";
import { Failed, type GoogleFailure } from "../rules/failures.ts";
import { identityClaimsSchema, type ProviderIdentity } from "../rules/identities.ts";

/** Asymmetric ones only: a key set is public, so an HMAC with anything in it is worth nothing. */
const algorithms = ["RS256", "ES256", "EdDSA"];
const clockToleranceSeconds = 10;
const maxTokenAgeSeconds = 86_400;
const timeoutMs = 5_000;
/** An unknown key id makes us ask for the key set again, no more often than this. */
const cooldownMs = 30_000;
const keySetLifeMs = 600_000;
const retryAfterSeconds = 10;
const scopes = ["openid", "email", "profile"];
const googleIssuer = "https://accounts.google.com";

const keySources = new WeakMap<GoogleConfig, JWTVerifyGetKey>();

/**
 * Who an id token is of. Fails as `google_failed` (`invalid_token`, `email_not_verified`), or as `unavailable` when the
 * key set cannot be had. `nonce` null = the token was not asked for by us.
 */
export async function verifyIdToken(
  config: GoogleConfig,
  token: string,
  expected: { audiences: readonly string[]; nonce: string | null; now: Date },
): Promise<ProviderIdentity> {
  const claims = identityClaimsSchema.safeParse(await verifiedClaims(config, token, expected));
  if (!claims.success) throw failed("invalid_token", claims.error);
  const { sub: subject, aud, azp, nonce, email, email_verified: isVerified, name } = claims.data;
  const isForSeveral = Array.isArray(aud) && aud.length > 1;
  if (isForSeveral && !expected.audiences.includes(azp ?? "")) throw failed("invalid_token");
  if (expected.nonce !== null && nonce !== expected.nonce) throw failed("invalid_token");
  if (isVerified !== true || email === undefined) throw failed("email_not_verified");
  return { issuer: config.issuer, subject, email, name };
}

/** What we make up for one flow and want to see again. */
export interface FlowSecrets {
  state: string;
  nonce: string;
  /** PKCE (RFC 7636); never leaves us but to the token endpoint. */
  verifier: string;
}

/** Where a browser begins. */
export function authorizationUrl(config: GoogleConfig, redirectUri: string, secrets: FlowSecrets): string {
  const { state, nonce, verifier } = secrets;
  const { S256 } = CodeChallengeMethod;
  const client = clientOf(config, redirectUri);
  const url = client.createAuthorizationURLWithPKCE(config.authorizationUrl, state, S256, verifier, scopes);
  url.searchParams.set("nonce", nonce);
  url.searchParams.set("prompt", "select_account");
  return url.href;
}

/** The id token for an authorization code. Fails as `google_failed` (`invalid_token`) or `unavailable`. */
export async function redeemAuthorization(
  config: GoogleConfig,
  redirectUri: string,
  { code, verifier }: { code: string; verifier: string },
): Promise<string> {
  const client = clientOf(config, redirectUri);
  try {
    const tokens = await inTime(client.validateAuthorizationCode(config.tokenUrl, code, verifier));
    return tokens.idToken();
  } catch (cause) {
    throw cause instanceof OAuth2RequestError ? failed("invalid_token", cause) : unavailable(cause);
  }
}

async function verifiedClaims(
  config: GoogleConfig,
  token: string,
  { audiences, now }: { audiences: readonly string[]; now: Date },
): Promise<unknown> {
  try {
    const { payload } = await jwtVerify(token, keySourceOf(config), {
      algorithms,
      issuer: issuersOf(config),
      audience: [...audiences],
      currentDate: now,
      clockTolerance: clockToleranceSeconds,
      maxTokenAge: maxTokenAgeSeconds,
      requiredClaims: ["exp", "sub"],
    });
    return payload;
  } catch (cause) {
    if (cause instanceof errors.JOSEError) throw failed("invalid_token", cause);
    throw cause;
  }
}

/** Google signs some tokens with its name and some with its address. Kept is the configured form, so both are one. */
function issuersOf({ issuer }: GoogleConfig): string[] {
  return issuer === googleIssuer ? [issuer, issuer.replace("https://", "")] : [issuer];
}

/** One key set an isolate; what it cannot tell is no fault of the token's. */
function keySourceOf(config: GoogleConfig): JWTVerifyGetKey {
  const known = keySources.get(config);
  if (known !== undefined) return known;
  const remote = createRemoteJWKSet(new URL(config.jwksUrl), {
    timeoutDuration: timeoutMs,
    cooldownDuration: cooldownMs,
    cacheMaxAge: keySetLifeMs,
  });
  const source: JWTVerifyGetKey = async (header, token) => {
    return remote(header, token).catch((cause: unknown) => {
      throw isFaultOfToken(cause) ? cause : unavailable(cause);
    });
  };
  keySources.set(config, source);
  return source;
}

function isFaultOfToken(error: unknown): boolean {
  const { JWKSNoMatchingKey, JWKSMultipleMatchingKeys, JOSENotSupported } = errors;
  return [JWKSNoMatchingKey, JWKSMultipleMatchingKeys, JOSENotSupported].some((kind) => error instanceof kind);
}

function clientOf(config: GoogleConfig, redirectUri: string): OAuth2Client {
  return new OAuth2Client(config.clientId, config.clientSecret, redirectUri);
}

function inTime<Value>(work: Promise<Value>): Promise<Value> {
  const late = new Promise<never>((_, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, late]);
}

function failed(reason: GoogleFailure, cause?: unknown): Failed {
  return new Failed({ kind: "google_failed", reason }, { cause });
}

function unavailable(cause: unknown): Failed {
  return new Failed({ kind: "unavailable", dependency: "google", retryAfterSeconds }, { cause });
}
