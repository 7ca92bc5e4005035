/** The coarse first layer of limits: by the binding that wrangler.toml names, and by one that tests hold in hand. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { app } from "../../../workers/app.ts";
import { floodRequestsPerMinute } from "../../../workers/rules/floods.ts";
import { call, newAddress, origin } from "../support/api.ts";

/** Nobody listens there: whoever asks the database or Redis learns of it. */
const nowhere = "http://127.0.0.1:9";

async function ask(bindings: object, path: string, address = newAddress(), init: RequestInit = {}) {
  const context = createExecutionContext();
  const headers = new Headers(init.headers);
  headers.set("cf-connecting-ip", address);
  const request = new Request(`${origin}${path}`, { ...init, headers });
  const answer = await app.fetch(request, { ...env, LOG_LEVEL: "error", ...bindings } as Env, context);
  const body: Record<string, unknown> = JSON.parse(await answer.text());
  await waitOnExecutionContext(context);
  return { status: answer.status, headers: answer.headers, body };
}

function newCounter(success: boolean) {
  const keys: string[] = [];
  return { keys, limit: async ({ key }: { key: string }) => ({ success: keys.push(key) > 0 && success }) };
}

describe("an address over the coarse limit", () => {
  it.each(["/api/v1/auth/me", "/health/ready", "/api/v1/bridge/desired", "/nowhere"])(
    "is turned away from %s before anything was asked",
    async (path) => {
      const bindings = { FLOODS: newCounter(false), NEON_FETCH_ENDPOINT: nowhere, UPSTASH_REDIS_REST_URL: nowhere };
      const { status, headers, body } = await ask(bindings, path, newAddress(), {
        headers: { authorization: "Bearer guess" },
      });
      expect([status, body["code"]]).toEqual([429, "too_many_requests"]);
      expect(headers.get("retry-after")).toBe("60");
      expect(headers.get("x-request-id")).toMatch(/^[a-z0-9]{20}$/);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    },
  );

  it("is one address, an IPv6 one by its /64", async () => {
    const FLOODS = newCounter(true);
    await ask({ FLOODS }, "/health/live", "203.0.113.7");
    await ask({ FLOODS }, "/health/live", "2001:db8:1:2:3:4:5:6");
    expect(FLOODS.keys).toEqual(["203.0.113.7", "2001:db8:1:2::/64"]);
  });
});

describe("requests pass", () => {
  it.each([
    ["without the binding", { FLOODS: undefined }],
    ["when the binding fails", { FLOODS: { limit: () => Promise.reject(new Error("no")) } }],
    ["where one address may ask more than the binding allows", { FLOODS: newCounter(false), ...openLimit() }],
  ])("%s", async (_, bindings) => {
    expect((await ask(bindings, "/health/live")).status).toBe(200);
  });
});

describe("the binding of wrangler.toml", () => {
  it("counts real requests: whoever has had their share is turned away, and nobody else", async () => {
    const address = newAddress();
    const ask = () => env.FLOODS.limit({ key: address });
    // Until it refuses: the minute may end while we count.
    let isOpen = true;
    while (isOpen) isOpen = (await Promise.all(Array.from({ length: 100 }, ask))).every(({ success }) => success);
    expect((await call("GET /health/live", { address })).status).toBe(429);
    expect((await call("GET /health/live")).status).toBe(200);
  }, 60_000);
});

function openLimit() {
  return { LIMIT_ADDRESS_REQUESTS_PER_MINUTE: String(floodRequestsPerMinute) };
}
