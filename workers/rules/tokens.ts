/**
 * The tokens of a session: both are JWTs signed with Ed25519 (RFC 8037). Here they are written and read, with the
 * clock passed in; whether the session behind one still lives is for the domain to ask.
 */
import { createHash, createHmac } from "node:crypto";
import { errors, importJWK, type JWTHeaderParameters, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { type BoundedMap, newBoundedMap } from "./bounded-map.ts";
import type { SigningKey, TokenConfig } from "./config.ts";
import { Failed } from "./failures.ts";

export type TokenKind = "access" | "refresh";

export interface Claims {
  userId: string;
  sessionId: string;
  jti: string;
  issuedAt: Date;
  expiresAt: Date;
}

/** The claims of a token that was verified, and the key that it was signed with. */
export interface VerifiedClaims extends Claims {
  keyId: string;
}

/** The four fields every sign-in and every refresh answers with. */
export interface TokenPair {
  access_token: string;
  refresh_token: string;
  token_type: "bearer";
  /** Seconds until the access token expires. */
  expires_in: number;
}

const algorithm = "EdDSA" as const;
const claimsSchema = z.object({
  sub: z.string().regex(/^usr_[a-z0-9]{20}$/),
  sid: z.string().regex(/^ses_[a-z0-9]{20}$/),
  jti: z.string().min(16),
  type: z.enum(["access", "refresh"]),
  iat: z.number().int(),
  exp: z.number().int(),
});

/** The same claims always give the same text: Ed25519 has no randomness, and times are whole seconds. */
export async function signToken(config: TokenConfig, kind: TokenKind, claims: Claims): Promise<string> {
  const [key] = config.keys;
  if (key === undefined) throw new Failed({ kind: "misconfigured" });
  return new SignJWT({ sid: claims.sessionId, type: kind })
    .setProtectedHeader({ alg: algorithm, typ: "JWT", kid: key.kid })
    .setSubject(claims.userId)
    .setJti(claims.jti)
    .setIssuedAt(seconds(claims.issuedAt))
    .setExpirationTime(seconds(claims.expiresAt))
    .setIssuer(config.issuer)
    .setAudience(config.audience)
    .sign(await imported(key, "private"));
}

/**
 * Access tokens whose signature was found good with these keys: a client shows the same one for hours, and checking it
 * is the dearest thing that a request computes. Whether it has expired is asked anew each time.
 */
const verified = new WeakMap<TokenConfig, BoundedMap<VerifiedClaims>>();
const maxVerified = 1_000;

/** The claims of a token that we signed, for this kind, valid now; anything else fails as `unauthenticated`. */
export async function verifyToken(
  config: TokenConfig,
  kind: TokenKind,
  token: string,
  now: Date,
): Promise<VerifiedClaims> {
  if (kind === "refresh") return checkedClaims(config, kind, token, now);
  const known = verified.get(config) ?? newBoundedMap<VerifiedClaims>(maxVerified);
  verified.set(config, known);
  const claims = known.get(token);
  if (claims !== undefined && claims.expiresAt > now) return claims;
  known.delete(token);
  const checked = await checkedClaims(config, kind, token, now);
  known.set(token, checked);
  return checked;
}

async function checkedClaims(config: TokenConfig, kind: TokenKind, token: string, now: Date): Promise<VerifiedClaims> {
  const { payload, keyId } = await verifiedPayload(config, token, now);
  const parsed = claimsSchema.safeParse(payload);
  if (!parsed.success || parsed.data.type !== kind) throw new Failed({ kind: "unauthenticated", reason: "invalid" });
  const { sub, sid, jti, iat, exp } = parsed.data;
  return { userId: sub, sessionId: sid, jti, keyId, issuedAt: new Date(iat * 1000), expiresAt: new Date(exp * 1000) };
}

/** The public halves of the live keys, as a JSON Web Key set (RFC 7517); no private member is ever in it. */
export function publicKeys(config: TokenConfig) {
  return config.keys.map(({ kty, crv, kid, x }) => ({ kty, crv, kid, x, alg: algorithm, use: "sig" as const }));
}

/** What the database keeps of a token's id. */
export function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/**
 * The id of the refresh token that follows this one. It depends on nothing but the old token and the key that signed
 * it, so that every request with the old token within the grace window can sign the same successor again, also while
 * keys are rotated: as long as the old token can be verified, its key is here.
 */
export function successorJti(config: TokenConfig, shown: Pick<VerifiedClaims, "jti" | "keyId">): string {
  const key = config.keys.find(({ kid }) => kid === shown.keyId);
  if (key === undefined) throw new Failed({ kind: "misconfigured" });
  return createHmac("sha256", `refresh-successor:${key.d}`).update(shown.jti).digest("base64url");
}

async function verifiedPayload(config: TokenConfig, token: string, now: Date) {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, (header) => publicKey(config.keys, header), {
      algorithms: [algorithm],
      issuer: config.issuer,
      audience: config.audience,
      currentDate: now,
    });
    return { payload, keyId: protectedHeader.kid ?? "" };
  } catch (cause) {
    if (cause instanceof errors.JWTExpired) throw new Failed({ kind: "unauthenticated", reason: "expired" }, { cause });
    if (cause instanceof errors.JOSEError) throw new Failed({ kind: "unauthenticated", reason: "invalid" }, { cause });
    throw cause;
  }
}

/** Only `kid` chooses the key; `jwk`, `jku` and the like in a header are never looked at. */
function publicKey(keys: readonly SigningKey[], header: JWTHeaderParameters) {
  const key = keys.find((candidate) => candidate.kid === header.kid);
  if (key === undefined) throw new Failed({ kind: "unauthenticated", reason: "invalid" });
  return imported(key, "public");
}

type ImportedKey = Awaited<ReturnType<typeof importJWK>>;
const importedKeys = new WeakMap<SigningKey, { public?: ImportedKey; private?: ImportedKey }>();

/**
 * Importing costs more than a signature: each half of a key is imported once in an isolate. Keys are kept, not
 * promises: a promise belongs to the request that made it.
 */
async function imported(key: SigningKey, half: "public" | "private"): Promise<ImportedKey> {
  const known = importedKeys.get(key) ?? {};
  importedKeys.set(key, known);
  const { kty, crv, x } = key;
  const made = known[half] ?? (await importJWK(half === "private" ? key : { kty, crv, x }, algorithm));
  known[half] = made;
  return made;
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
