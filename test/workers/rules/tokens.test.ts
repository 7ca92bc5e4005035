/** Tokens: who may read which, and what a forger can try. */
import { env } from "cloudflare:workers";
import { importJWK, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../../workers/env.ts";
import type { SigningKey, TokenConfig } from "../../../workers/rules/config.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import { signToken, successorJti, verifyToken } from "../../../workers/rules/tokens.ts";

const config = readConfig(env).tokens;
const [key] = config.keys as [SigningKey];
const now = new Date("2026-11-23T08:00:00Z");
const claims = {
  userId: `usr_${"a".repeat(20)}`,
  sessionId: `ses_${"b".repeat(20)}`,
  jti: "0123456789abcdef",
  issuedAt: now,
  expiresAt: new Date(now.getTime() + 60_000),
};

async function newKey(kid: string): Promise<SigningKey> {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const { x = "", d = "" } = (await crypto.subtle.exportKey("jwk", pair.privateKey)) as JsonWebKey;
  return { kty: "OKP", crv: "Ed25519", kid, x, d };
}

/** A token as ours would be, but for `payload` and `head`. */
async function forged(payload: object, head: object = {}): Promise<string> {
  const seconds = Math.floor(now.getTime() / 1000);
  const good = { sub: claims.userId, sid: claims.sessionId, jti: claims.jti, type: "access", iat: seconds };
  const rest = { exp: seconds + 60, iss: config.issuer, aud: config.audience };
  return new SignJWT({ ...good, ...rest, ...payload })
    .setProtectedHeader({ alg: "EdDSA", kid: key.kid, ...head })
    .sign(await importJWK(key, "EdDSA"));
}

const verdict = (token: string, at = now, by: TokenConfig = config) =>
  verifyToken(by, "access", token, at).then(
    () => "accepted",
    (error) => {
      const failure = failureIn(error);
      return failure?.kind === "unauthenticated" ? failure.reason : "bug";
    },
  );

describe("a token", () => {
  it("tells what it was signed with, and the same claims give the same text", async () => {
    const token = await signToken(config, "access", claims);
    expect(await verifyToken(config, "access", token, now)).toEqual({ ...claims, keyId: key.kid });
    expect(await signToken(config, "access", claims)).toBe(token);
  });

  it("is refused as the other kind", async () => {
    expect(await verdict(await signToken(config, "refresh", claims))).toBe("invalid");
  });

  it("that was found good is still no other token, of no other key, and not good for ever", async () => {
    const token = await signToken(config, "access", claims);
    expect(await verdict(token)).toBe("accepted");
    expect(await verdict(token)).toBe("accepted");
    expect(await verdict(`${token.slice(0, -4)}AAAA`)).toBe("invalid");
    expect(await verdict(token, now, { ...config, keys: [await newKey("other")] })).toBe("invalid");
    expect(await verdict(token, claims.expiresAt)).toBe("expired");
    await expect(verifyToken(config, "refresh", token, now)).rejects.toThrow();
  });

  it("expires at its second", async () => {
    const token = await signToken(config, "access", claims);
    expect(await verdict(token, new Date(claims.expiresAt.getTime() - 1000))).toBe("accepted");
    expect(await verdict(token, claims.expiresAt)).toBe("expired");
  });

  it("of an older key is read while that key is listed", async () => {
    const token = await signToken(config, "access", claims);
    const newer = await newKey("newer");
    expect(await verdict(token, now, { ...config, keys: [newer, key] })).toBe("accepted");
    expect(await verdict(token, now, { ...config, keys: [newer] })).toBe("invalid");
  });

  it("has the same successor before and after another key began to sign", async () => {
    const shown = await verifyToken(config, "access", await signToken(config, "access", claims), now);
    const rotated = { ...config, keys: [await newKey("newer"), key] };
    expect(successorJti(rotated, shown)).toBe(successorJti(config, shown));
    const next = await verifyToken(rotated, "access", await signToken(rotated, "access", claims), now);
    expect(next.keyId).toBe("newer");
    expect(successorJti({ ...rotated, keys: rotated.keys.slice(0, 1) }, next)).toBe(successorJti(rotated, next));
  });

  it.each([
    ["another issuer", { iss: "somebody" }, {}],
    ["another audience", { aud: "somewhere" }, {}],
    ["a future beginning", { nbf: Math.floor(now.getTime() / 1000) + 600 }, {}],
    ["no end", { exp: undefined }, {}],
    ["no session", { sid: undefined }, {}],
    ["a session of another shape", { sid: "ses_1' or 1=1" }, {}],
    ["no type", { type: undefined }, {}],
    ["the type of a mail token", { type: "verify_email" }, {}],
    ["an unknown key", {}, { kid: "unknown" }],
    ["no key", {}, { kid: undefined }],
  ])("with %s is refused", async (_, payload, head) => {
    expect(await verdict(await forged({}, {}))).toBe("accepted");
    expect(await verdict(await forged(payload, head))).toBe("invalid");
  });

  it("without a signature is refused", async () => {
    const unsigned = new UnsecuredJWT({ sid: claims.sessionId, type: "access" })
      .setSubject(claims.userId)
      .setJti(claims.jti)
      .setIssuer(config.issuer)
      .setAudience(config.audience)
      .setIssuedAt(now)
      .setExpirationTime(claims.expiresAt)
      .encode();
    expect(await verdict(unsigned)).toBe("invalid");
  });

  it("signed by HMAC with our public key is refused", async () => {
    const secret = new TextEncoder().encode(key.x);
    const token = await new SignJWT({ sid: claims.sessionId, type: "access" })
      .setProtectedHeader({ alg: "HS256", kid: key.kid })
      .setSubject(claims.userId)
      .setExpirationTime(claims.expiresAt)
      .sign(secret);
    expect(await verdict(token)).toBe("invalid");
  });

  it("that brings its own key is refused", async () => {
    const own = await newKey(key.kid);
    const token = await new SignJWT({ sid: claims.sessionId, type: "access" })
      .setProtectedHeader({ alg: "EdDSA", kid: key.kid, jwk: { kty: "OKP", crv: "Ed25519", x: own.x } })
      .setSubject(claims.userId)
      .setExpirationTime(claims.expiresAt)
      .sign(await importJWK(own, "EdDSA"));
    expect(await verdict(token)).toBe("invalid");
  });

  it.each(["", "x", "a.b.c", `${"a".repeat(5000)}.${"b".repeat(10)}.c`, "null", "ey.ey.ey"])(
    "%# that is none is refused",
    async (text) => {
      expect(await verdict(text)).toBe("invalid");
    },
  );

  it("cannot be signed without a key", async () => {
    const none = { ...config, keys: [] };
    expect(failureIn(await signToken(none, "access", claims).catch((error) => error))).toEqual({
      kind: "misconfigured",
    });
    expect(() => successorJti(none, { jti: "x", keyId: key.kid })).toThrow("misconfigured");
  });
});
