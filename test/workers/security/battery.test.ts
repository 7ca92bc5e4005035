/**
 * What an outsider tries on every route, read from the router itself: a new route is tried without a line here, and
 * one that is meant to be open has to be named.
 */
import { env } from "cloudflare:workers";
import { importJWK, SignJWT, UnsecuredJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../../workers/env.ts";
import type { SigningKey } from "../../../workers/rules/config.ts";
import { signToken } from "../../../workers/rules/tokens.ts";
import { newWorld } from "../environments/world.ts";
import { type Answer, call, newPerson, type Person } from "../support/api.ts";
import { bodyFor, filled, routes } from "./routes.ts";

/** Routes that anybody may call. Everything else wants a bearer token; /bridge and /ws have callers of their own. */
const openRoutes = [
  /^GET (\/api\/v1)?\/health(\/live|\/ready)?$/,
  /^GET \/api\/v1\/info$/,
  /^GET (\/api\/v1)?\/(openapi\.json|docs)$/,
  /^GET \/redoc$/,
  /^GET \/\.well-known\/jwks\.json$/,
  /^POST \/api\/v1\/auth\/(register|login|refresh)$/,
  /^(GET|POST) \/api\/v1\/auth\/google(\/callback|\/exchange)?$/,
  /^POST \/api\/v1\/auth\/(verify-email|resend-verification|forgot-password|reset-password)$/,
  /^GET \/dev\/outbox$/,
  /^GET \/api\/v1\/plans(\/:id)?$/,
  /^GET \/api\/v1\/templates(\/categories|\/popular|\/search|\/schema\.json|\/:id)?$/,
];
const bridgeRoute = /^\w+ \/api\/v1\/bridge\//;
const socketRoute = /^GET \/api\/v1\/ws\//;

const open = routes.filter((route) => openRoutes.some((pattern) => pattern.test(route)));
const bridge = routes.filter((route) => bridgeRoute.test(route));
const guarded = routes.filter((route) => !open.includes(route) && !bridgeRoute.test(route) && !socketRoute.test(route));

const config = readConfig(env).tokens;
const [key] = config.keys as [SigningKey];
const now = new Date();
const inAnHour = new Date(now.getTime() + 3_600_000);

let person: Person;
let someonesEnvironment: string;
let forged: Record<string, string>;

beforeAll(async () => {
  person = await newPerson();
  const { create } = await newWorld();
  someonesEnvironment = (await create()).body.id;
  const sessionId = String(JSON.parse(atob(person.accessToken.split(".")[1] ?? ""))["sid"]);
  const claims = { userId: person.userId, sessionId, jti: "0123456789abcdef", issuedAt: now, expiresAt: inAnHour };
  const foreign = (jwt: SignJWT) =>
    jwt.setSubject(claims.userId).setJti(claims.jti).setIssuedAt(now).setExpirationTime(inAnHour);
  const payload = { sid: sessionId, type: "access", iss: config.issuer, aud: config.audience };
  const yesterday = new Date(now.getTime() - 86_400_000);
  forged = {
    "a word": "token",
    "an expired token": await signToken(config, "access", { ...claims, issuedAt: yesterday, expiresAt: yesterday }),
    "a refresh token": person.refreshToken,
    "a token of a session that never was": await signToken(config, "access", {
      ...claims,
      sessionId: `ses_${"z".repeat(20)}`,
    }),
    "a token of somebody else's session": await signToken(config, "access", {
      ...claims,
      userId: `usr_${"z".repeat(20)}`,
    }),
    "an unsigned token": new UnsecuredJWT(payload).setSubject(claims.userId).setJti(claims.jti).encode(),
    "a token signed by HMAC with the public key": await foreign(new SignJWT(payload))
      .setProtectedHeader({ alg: "HS256", kid: key.kid })
      .sign(new TextEncoder().encode(key.x)),
    "a token for another service": await foreign(new SignJWT({ ...payload, aud: "another" }))
      .setProtectedHeader({ alg: "EdDSA", kid: key.kid })
      .sign(await importJWK(key, "EdDSA")),
  };
});

it("lets the live token in, so that the refusals mean something", async () => {
  expect((await call("GET /api/v1/auth/me", { token: person.accessToken })).status).toBe(200);
  expect(guarded.length).toBeGreaterThan(5);
});

/** Every refusal is a problem body with an id and the headers, and tells nothing of the inside. */
function expectProblem(answer: Answer, status: number): void {
  expect(answer.status, answer.text).toBe(status);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.headers.get("x-request-id")).toMatch(/^[a-z0-9]{20}$/);
  expect(answer.body["request_id"]).toBe(answer.headers.get("x-request-id"));
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  expect(answer.headers.get("strict-transport-security")).toBeTruthy();
  expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.text).not.toMatch(/\bat .*\.(ts|js):\d|SELECT|select ["$]|node_modules|Error:/);
}

describe.each(guarded)("%s", (route) => {
  it("refuses a request without a token", async () => {
    const answer = await call(filled(route));
    expectProblem(answer, 401);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(answer.headers.get("x-ratelimit-limit")).toBeTruthy();
  });

  it("refuses every token that is not a live session's access token", async () => {
    for (const [name, token] of Object.entries(forged)) {
      const answer = await call(filled(route), { token });
      expect(answer.status, name).toBe(401);
      expectProblem(answer, 401);
      expect(answer.body["code"]).toBe("unauthenticated");
    }
  });

  it("takes the token from nowhere but the Authorization header", async () => {
    const { accessToken: token } = person;
    const [method, path] = filled(route).split(" ");
    expectProblem(await call(`${method} ${path}?token=${token}`), 401);
    expectProblem(await call(`${method} ${path}`, { headers: { cookie: `token=${token}` } }), 401);
    expectProblem(await call(`${method} ${path}`, { headers: { authorization: `Basic ${token}` } }), 401);
  });
});

describe.each(guarded.filter((route) => /\/environments\/:/.test(route)))("%s", (route) => {
  it("answers somebody else's environment as one that is not there", async () => {
    const options = { token: person.accessToken, ...bodyFor(route) };
    const foreign = await call(filled(route, someonesEnvironment), options);
    const missing = await call(filled(route), options);
    expectProblem(foreign, 404);
    expect(withoutIds(foreign)).toEqual(withoutIds(missing));
  });
});

describe.each(bridge)("%s", (route) => {
  it("is not for people", async () => {
    for (const token of [undefined, person.accessToken, person.refreshToken, "dp_bridge_guess"]) {
      const answer = await call(filled(route), { token, ...bodyFor(route) });
      expect([401, 403, 404, 426], `${answer.status} ${answer.text}`).toContain(answer.status);
    }
  });
});

/** Pages of the built page's assets, which a checkout without a build does not have: test/e2e/docs.test.ts. */
const isPage = (route: string) => /\/(docs|redoc)$/.test(route);

describe.each(open.filter((route) => !isPage(route)))("%s", (route) => {
  it("answers without a stack and with the headers, whatever it is sent", async () => {
    const hostile = { raw: { body: '{"__proto__":{"admin":true},"username":{"$ne":null}', type: "application/json" } };
    const answer = await call(filled(route), route.startsWith("GET") ? {} : hostile);
    expect(answer.status).toBeLessThan(500);
    expect(answer.headers.get("x-request-id")).toMatch(/^[a-z0-9]{20}$/);
    expect(answer.headers.get("x-frame-options")).toBe("DENY");
    if (answer.status >= 400) expectProblem(answer, answer.status);
  });
});

it.each(open.filter((route) => !route.includes("/health") && !isPage(route)))("%s has a limit", async (route) => {
  expect((await call(filled(route))).headers.get("x-ratelimit-limit")).toBeTruthy();
});

/** What must be the same for both: everything but the ids of the request and the environment, and the time. */
function withoutIds({ status, body }: Answer) {
  const { request_id, timestamp, path, instance, ...rest } = body;
  return { status, ...rest };
}
