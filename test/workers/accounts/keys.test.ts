/** The keys that sign tokens: what of them is public, and how one follows another. */

import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { authenticateToken, refresh } from "../../../workers/domain/accounts/sessions.ts";
import type { SigningKey } from "../../../workers/rules/config.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import { verifyToken } from "../../../workers/rules/tokens.ts";
import { call, newPerson } from "../support/api.ts";
import { newDeps } from "../support/deps.ts";

async function newKey(kid: string): Promise<SigningKey> {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const { x = "", d = "" } = (await crypto.subtle.exportKey("jwk", pair.privateKey)) as JsonWebKey;
  return { kty: "OKP", crv: "Ed25519", kid, x, d };
}

/** Deps whose tokens are signed with the first of these keys. */
function depsWith(keys: readonly SigningKey[]) {
  const { config } = newDeps();
  return newDeps({ config: { ...config, tokens: { ...config.tokens, keys } } });
}

describe("GET /.well-known/jwks.json", () => {
  it("lets anybody check a token of ours", async () => {
    const { accessToken, userId } = await newPerson();
    const { status, headers, body } = await call("GET /.well-known/jwks.json");
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("public, max-age=300");
    expect(headers.get("content-type")).toContain("application/json");
    const keys = createLocalJWKSet(body as unknown as JSONWebKeySet);
    const { payload } = await jwtVerify(accessToken, keys, { issuer: "devpocket", audience: "devpocket-api" });
    expect(payload.sub).toBe(userId);
  });

  it("holds public members of every live key and nothing else", async () => {
    const { body } = await call("GET /.well-known/jwks.json");
    const { keys } = newDeps().config.tokens;
    const listed = body["keys"] as Record<string, string>[];
    expect(listed.map(({ kid }) => kid)).toEqual(keys.map(({ kid }) => kid));
    for (const key of listed) expect(Object.keys(key).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x"]);
  });
});

describe("a new first key", () => {
  it("signs from now on, while tokens of the older one go on until it is taken away", async () => {
    const person = await newPerson();
    const [older] = newDeps().config.tokens.keys as [SigningKey];
    const newer = await newKey("newer");
    const rotated = depsWith([newer, older]);
    expect((await authenticateToken(rotated, person.accessToken)).userId).toBe(person.userId);
    const next = await refresh(rotated, person.refreshToken);
    expect(decodeProtectedHeader(next.access_token).kid).toBe("newer");
    const retired = depsWith([newer]);
    expect((await authenticateToken(retired, next.access_token)).userId).toBe(person.userId);
    const refused = await authenticateToken(retired, person.accessToken).catch(failureIn);
    expect(refused).toEqual({ kind: "unauthenticated", reason: "invalid" });
  });

  it("that comes or goes within the grace window changes no successor", async () => {
    const { refreshToken } = await newPerson();
    const [older] = newDeps().config.tokens.keys as [SigningKey];
    const newer = await newKey("newer");
    const [before, during, after] = [depsWith([older]), depsWith([newer, older]), depsWith([newer])];
    const idOf = async (token: string) => (await verifyToken(during.config.tokens, "refresh", token, new Date())).jti;
    const first = (await refresh(before, refreshToken)).refresh_token;
    const again = (await refresh(during, refreshToken)).refresh_token;
    expect(await idOf(again)).toBe(await idOf(first));
    const third = (await refresh(during, again)).refresh_token;
    const fourth = (await refresh(during, third)).refresh_token;
    expect((await refresh(after, third)).refresh_token).toBe(fourth);
    expect((await refresh(after, fourth)).refresh_token).toMatch(/^ey/);
  });
});
