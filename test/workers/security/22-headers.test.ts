/**
 * Check 22: the headers of every answer, errors included; CORS from the allow-list and never for everybody; an unknown
 * method is 405; what a client says of its own address is not believed.
 */
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { api, db, newApi, newWorld } from "../environments/world.ts";
import { call, newAddress, newPerson, type Person, randomText } from "../support/api.ts";
import { bodyFor, filled, routes } from "./routes.ts";

const http = routes.filter((route) => !/^GET \/api\/v1\/(ws|bridge)\//.test(route));

let person: Person;

beforeAll(async () => {
  person = await newPerson();
});

function expectHeaders(headers: Headers): void {
  expect(headers.get("strict-transport-security")).toMatch(/max-age=\d{8,}/);
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("content-security-policy")).toMatch(/default-src 'none'.*frame-ancestors 'none'/s);
  expect(headers.get("x-frame-options")).toBe("DENY");
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  expect(headers.get("cache-control")).toBeTruthy();
  expect(headers.get("x-powered-by")).toBeNull();
  expect(headers.get("server")).toBeNull();
}

const pages = /\/(docs|redoc)$/;

describe.each(http.filter((route) => !pages.test(route)))("%s", (route) => {
  it("has the headers, whether it lets its caller in or not", async () => {
    const refused = await call(filled(route), bodyFor(route));
    expectHeaders(refused.headers);
    expect(refused.status).not.toBe(500);
    const { accessToken: token } = /logout|sessions|me$|password/.test(route) ? await newPerson() : person;
    const answered = await call(filled(route), { token, ...bodyFor(route) });
    expectHeaders(answered.headers);
    if (answered.status >= 400) expect(answered.headers.get("cache-control")).toBe("no-store");
  });
});

describe("an answer that holds a secret", () => {
  it("is stored nowhere", async () => {
    const username = `h${randomText(10)}`;
    const password = "SecurePass123!";
    const json = { username, email: `${username}@example.com`, password };
    const registered = await call("POST /api/v1/auth/register", { json });
    const signedIn = await call("POST /api/v1/auth/login", { json: { username, password } });
    const refresh_token = signedIn.body["refresh_token"];
    const refreshed = await call("POST /api/v1/auth/refresh", { json: { refresh_token } });
    const made = { name: "t", scopes: ["account:read"] };
    const token = await call("POST /api/v1/auth/tokens", { token: String(refreshed.body["access_token"]), json: made });
    for (const answer of [registered, signedIn, refreshed, token]) {
      expect(answer.status).toBeLessThan(300);
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.headers.get("etag")).toBeNull();
    }
  });
});

describe("cross-origin requests", () => {
  const allowed = "https://app.example.com";
  const ask = newApi({ ALLOWED_ORIGINS: allowed } as Record<string, string>);

  it.each([
    ["an origin of the list", allowed, allowed],
    ["a foreign origin", "https://evil.example", null],
    ["an origin that begins like one of the list", `${allowed}.evil.example`, null],
    ["the origin null", "null", null],
  ])("tells %s what it may", async (_name, asking, granted) => {
    for (const method of ["GET", "OPTIONS"]) {
      const headers = { origin: asking, "access-control-request-method": "GET" };
      const { headers: told } = await ask(method, "/api/v1/info", { headers });
      expect(told.get("access-control-allow-origin"), method).toBe(granted);
      expect(told.get("vary")?.toLowerCase()).toContain("origin");
    }
  });

  it("never lets everybody in with credentials", async () => {
    for (const path of ["/api/v1/info", "/api/v1/templates", "/health", "/.well-known/jwks.json", "/openapi.json"]) {
      const { headers } = await ask("GET", path, { headers: { origin: "https://evil.example" } });
      const isOpen = headers.get("access-control-allow-origin") === "*";
      expect(isOpen && headers.get("access-control-allow-credentials") === "true", path).toBe(false);
    }
  });
});

describe.each([...new Set(http.map((route) => filled(route).split(" ")[1] ?? ""))])("%s", (path) => {
  it("answers 405 to a method it does not know, and says which it does", async () => {
    const answer = await call(`PROPFIND ${path}`);
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toMatch(/^[A-Z]+(, [A-Z]+)*$/);
    expectHeaders(answer.headers);
  });
});

describe("an address that a client claims", () => {
  const claims = () => ({
    "x-forwarded-for": newAddress(),
    "x-real-ip": newAddress(),
    forwarded: `for=${newAddress()}`,
    "true-client-ip": newAddress(),
  });

  it("does not give it a fresh limit", async () => {
    const address = newAddress();
    const ask = newApi({ LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "3" } as Record<string, string>);
    const statuses: number[] = [];
    for (let tries = 0; tries < 8; tries += 1) {
      const headers = { ...claims(), "cf-connecting-ip": address };
      statuses.push((await ask("GET", "/api/v1/info", { headers })).status);
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(3);
    expect(statuses.at(-1)).toBe(429);
  });

  it("is not the one that is written down", async () => {
    const { person: owner } = await newWorld();
    const headers = { ...claims(), "cf-connecting-ip": "203.0.113.77" };
    await api("POST", "/api/v1/auth/logout", { token: owner.token, body: {}, headers });
    await vi.waitFor(async () => {
      const { rows } = await db.execute(sql`select address from audit_events where actor_id = ${owner.id}`);
      expect(rows).toContainEqual({ address: "203.0.113.77" });
    }, 10_000);
  });
});

it("has the headers on what nobody handles too", async () => {
  for (const path of ["/api/v1/nothing", "/api/v1/%00", "/health/nothing"]) {
    const response = await call(`GET ${path}`);
    expect(response.status, path).toBe(404);
    expectHeaders(response.headers);
  }
});
