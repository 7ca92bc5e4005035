/** Check 4: whatever is no live access token of ours opens nothing: no route, no socket, no new tokens. */
import { createPublicKey } from "node:crypto";
import { exportJWK, generateKeyPair, importJWK, SignJWT, UnsecuredJWT } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { SigningKey } from "../../../workers/rules/config.ts";
import { hashOf } from "../../../workers/rules/tokens.ts";
import { call, newPerson, type Person } from "../support/api.ts";
import { newDeps } from "../support/deps.ts";
import { idTokenOf, newGooglePerson } from "../support/google.ts";
import { bearer, dial, refusal, terminalPath } from "../support/sockets.ts";

const { tokens: config } = newDeps().config;
const [key] = config.keys as [SigningKey];
const now = () => Math.floor(Date.now() / 1000);

interface Subject {
  person: Person;
  claims: Record<string, unknown>;
}

/** The claims of somebody's live access token. */
async function subject(): Promise<Subject> {
  const person = await newPerson();
  const [, payload = ""] = person.accessToken.split(".");
  return { person, claims: JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) };
}

/** A token signed with our key, but for these claims and heads. */
async function signed({ claims }: Subject, changes: object, head: object = {}): Promise<string> {
  return new SignJWT({ ...claims, ...changes })
    .setProtectedHeader({ alg: "EdDSA", typ: "JWT", kid: key.kid, ...head })
    .sign(await importJWK(key, "EdDSA"), { crit: { "urn:example:rule": true } });
}

/** A token of the right claims, signed with a key that is not ours. */
async function foreign({ claims }: Subject, head: object): Promise<string> {
  const { privateKey } = await generateKeyPair("EdDSA");
  return new SignJWT(claims).setProtectedHeader({ alg: "EdDSA", kid: key.kid, ...head }).sign(privateKey);
}

function hmac({ claims }: Subject, secret: string | Uint8Array): Promise<string> {
  const bytes = typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: key.kid }).sign(bytes);
}

const publicJwk = { kty: key.kty, crv: key.crv, x: key.x };
const pem = () => createPublicKey({ key: publicJwk, format: "jwk" }).export({ type: "spki", format: "pem" }).toString();

const forgeries: Record<string, (subject: Subject) => string | Promise<string>> = {
  "alg none": ({ claims }) => new UnsecuredJWT(claims).encode(),
  "alg none and a signature": async ({ claims, person }) =>
    `${new UnsecuredJWT(claims).encode()}${person.accessToken.split(".")[2]}`,
  "HS256 with the public key": (subject) => hmac(subject, key.x),
  "HS256 with the bytes of the public key": (subject) =>
    hmac(
      subject,
      Uint8Array.from(atob(key.x.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0)),
    ),
  "HS256 with the public key as PEM": (subject) => hmac(subject, pem()),
  "HS256 with the public JWK": (subject) => hmac(subject, JSON.stringify(publicJwk)),
  "an unknown kid": (subject) => signed(subject, {}, { kid: "unknown" }),
  "no kid": (subject) => signed(subject, {}, { kid: undefined }),
  "a kid that is a path": (subject) => signed(subject, {}, { kid: "../../dev/null" }),
  "a jwk of its own": async (subject) => {
    const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true });
    const head = { alg: "EdDSA", kid: key.kid, jwk: await exportJWK(publicKey) };
    return new SignJWT(subject.claims).setProtectedHeader(head).sign(privateKey);
  },
  "a jku of its own": (subject) => foreign(subject, { jku: "https://evil.example/jwks.json" }),
  "an x5u of its own": (subject) => foreign(subject, { x5u: "https://evil.example/chain.pem" }),
  "a critical header that we do not know": (subject) =>
    signed(subject, {}, { crit: ["urn:example:rule"], "urn:example:rule": 1 }),
  "another audience": (subject) => signed(subject, { aud: "another" }),
  "another issuer": (subject) => signed(subject, { iss: "another" }),
  "another type": (subject) => signed(subject, { type: "verify_email" }),
  "no type": (subject) => signed(subject, { type: undefined }),
  "a beginning in the future": (subject) => signed(subject, { nbf: now() + 600 }),
  "an end in the past": (subject) => signed(subject, { exp: now() - 1 }),
  "no end": (subject) => signed(subject, { exp: undefined }),
  "another person's session": async (subject) => signed(subject, { sub: (await newPerson()).userId }),
  "a session that never was": (subject) => signed(subject, { sid: `ses_${"z".repeat(20)}` }),
  "a personal token for a session": (subject) => signed(subject, { sid: `pat_${"z".repeat(20)}` }),
  "a changed claim": ({ person, claims }) => {
    const [head, , signature] = person.accessToken.split(".");
    return [head, btoa(JSON.stringify({ ...claims, sub: `usr_${"z".repeat(20)}` })), signature].join(".");
  },
  "a cut signature": ({ person }) => person.accessToken.slice(0, -4),
  "an id token of Google's": () => idTokenOf(newGooglePerson()),
  "the hash of a personal token": async ({ person }) => {
    const json = { name: "x", scopes: ["account:read"] };
    const { body } = await call("POST /api/v1/auth/tokens", { token: person.accessToken, json });
    return hashOf(String(body["token"]));
  },
  "a bridge's form": () => `dp_bridge_${"a".repeat(43)}`,
  "a ticket's form": () => `dp_ticket_${"a".repeat(43)}`,
};

afterEach(() => vi.restoreAllMocks());

describe.each(Object.entries(forgeries))("a token with %s", (_, forge) => {
  it("is a 401, refreshes nothing, opens no socket, and makes us ask nobody", async () => {
    const somebody = await subject();
    expect((await call("GET /api/v1/auth/me", { token: await signed(somebody, {}) })).status).toBe(200);
    const token = await forge(somebody);
    const asked = vi.spyOn(globalThis, "fetch");
    const { status, body, headers } = await call("GET /api/v1/auth/me", { token });
    expect([status, body["code"]]).toEqual([401, "unauthenticated"]);
    expect(headers.get("www-authenticate")).toBe("Bearer");
    expect((await call("POST /api/v1/auth/refresh", { json: { refresh_token: token } })).status).toBe(401);
    const id = `env_${"z".repeat(20)}`;
    expect(await refusal(await dial(terminalPath(id), bearer(token)))).toBe("unauthenticated");
    expect(await refusal(await dial(`${terminalPath(id)}?token=${token}`))).toBe("unauthenticated");
    const hosts = asked.mock.calls.map(([input]) => new URL(input instanceof Request ? input.url : String(input)).host);
    expect(hosts.filter((host) => host.includes("evil"))).toEqual([]);
    expect((await call("GET /api/v1/auth/me", { token: somebody.person.accessToken })).status).toBe(200);
  });
});

describe("the two tokens of a session", () => {
  it("do not do each other's work", async () => {
    const { accessToken, refreshToken } = await newPerson();
    expect((await call("GET /api/v1/auth/me", { token: refreshToken })).status).toBe(401);
    expect((await call("POST /api/v1/auth/refresh", { json: { refresh_token: accessToken } })).status).toBe(401);
    const id = `env_${"z".repeat(20)}`;
    expect(await refusal(await dial(terminalPath(id), bearer(refreshToken)))).toBe("unauthenticated");
    expect((await call("POST /api/v1/auth/refresh", { json: { refresh_token: refreshToken } })).status).toBe(200);
  });
});

describe("a personal token", () => {
  it("refreshes nothing, and is read in the header of a request only", async () => {
    const person = await newPerson();
    const json = { name: "x", scopes: ["account:read"] };
    const { body } = await call("POST /api/v1/auth/tokens", { token: person.accessToken, json });
    const token = String(body["token"]);
    expect((await call("GET /api/v1/auth/me", { token })).status).toBe(200);
    expect((await call("POST /api/v1/auth/refresh", { json: { refresh_token: token } })).status).toBe(401);
    expect((await call(`GET /api/v1/auth/me?token=${token}`)).status).toBe(401);
    expect((await call("GET /api/v1/auth/me", { headers: { cookie: `token=${token}` } })).status).toBe(401);
    const id = `env_${"z".repeat(20)}`;
    expect(await refusal(await dial(terminalPath(id), bearer(token)))).toBe("insufficientScope");
    expect(await refusal(await dial(`${terminalPath(id)}?token=${token}`))).toBe("insufficientScope");
  });
});
