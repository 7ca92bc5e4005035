/** The general limit as clients see it: by address, by plan, in headers, and what happens over it. */
import { describe, expect, it } from "vitest";
import { findCredentials } from "../../../workers/store/accounts.ts";
import { call, newAddress, newPerson } from "../support/api.ts";
import { newDeps } from "../support/deps.ts";
import { withinOneMinute } from "../support/one-minute.ts";

const perMinute = 100;

/** As many requests at once as the limit allows. */
function exhaust(route: string, options: Parameters<typeof call>[1]) {
  return Promise.all(Array.from({ length: perMinute }, () => call(route, options)));
}

describe("the limit of an address", () => {
  it("is told in both kinds of headers and counts down", async () => {
    const address = newAddress();
    const first = await call("GET /api/v1/info", { address });
    const second = await call("GET /api/v1/info", { address });
    expect(first.headers.get("x-ratelimit-limit")).toBe(String(perMinute));
    expect(first.headers.get("x-ratelimit-remaining")).toBe(String(perMinute - 1));
    expect(second.headers.get("x-ratelimit-remaining")).toBe(String(perMinute - 2));
    expect(Number(first.headers.get("x-ratelimit-reset"))).toBeGreaterThan(Date.now() / 1000 - 1);
    expect(first.headers.get("ratelimit-policy")).toBe('"default";q=100;w=60');
    expect(first.headers.get("ratelimit")).toMatch(/^"default";r=99;t=\d+$/);
  });

  it("ends in 429 without the data, whatever X-Forwarded-For says", () =>
    withinOneMinute(async () => {
      const address = newAddress();
      await exhaust("GET /api/v1/info", { address });
      const answer = await call("GET /api/v1/info", { address, headers: { "x-forwarded-for": "192.0.2.1" } });
      expect(answer.status).toBe(429);
      expect(answer.body).toMatchObject({ code: "too_many_requests", retry_after: expect.any(Number) });
      expect(answer.body["features"]).toBeUndefined();
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(answer.headers.get("x-ratelimit-remaining")).toBe("0");
      expect((await call("GET /api/v1/info")).status).toBe(200);
    }));

  it("counts requests with tokens that are not valid", () =>
    withinOneMinute(async () => {
      const address = newAddress();
      await exhaust("GET /api/v1/auth/me", { address, token: "guess" });
      expect((await call("GET /api/v1/auth/me", { address, token: "guess" })).status).toBe(429);
    }));

  it("does not count for health checks", async () => {
    const address = newAddress();
    await exhaust("GET /health/live", { address });
    expect((await call("GET /health/live", { address })).status).toBe(200);
  });
});

describe("the limit of a person", () => {
  it("follows them over addresses, and a write over it changes nothing", () =>
    withinOneMinute(async () => {
      const { accessToken: token, userId } = await newPerson();
      const answers = await exhaust("GET /api/v1/auth/me", { token });
      expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
      const write = await call("PUT /api/v1/users/me", { token, json: { full_name: "Over the limit" } });
      expect(write.status).toBe(429);
      expect((await findCredentials(newDeps().db, userId))?.account.fullName).toBeNull();
    }));
});
