/** What a route costs in round trips: to the database one for who asks and one for what is asked, to Redis one. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { newWorld } from "../environments/world.ts";
import { call, newPerson } from "../support/api.ts";

let fetched: MockInstance<typeof fetch>;
beforeEach(() => {
  fetched = vi.spyOn(globalThis, "fetch");
});
afterEach(() => fetched.mockRestore());

type Service = "NEON_FETCH_ENDPOINT" | "UPSTASH_REDIS_REST_URL";

function goesTo(name: Service, input: RequestInfo | URL): boolean {
  return String(input instanceof Request ? input.url : input).startsWith(String(Reflect.get(env, name)));
}

/** Round trips that `ask` makes. The first time may note that something is in use; the second is counted. */
async function roundTrips(ask: () => Promise<{ status: number }>): Promise<{ database: number; redis: number }> {
  await ask();
  fetched.mockClear();
  expect((await ask()).status).toBe(200);
  const to = (name: Service) => fetched.mock.calls.filter(([input]) => goesTo(name, input)).length;
  return { database: to("NEON_FETCH_ENDPOINT"), redis: to("UPSTASH_REDIS_REST_URL") };
}

describe("round trips", () => {
  it.each(["/api/v1/auth/me", "/api/v1/auth/profile", "/api/v1/users/me"])("one for who one is: %s", async (path) => {
    const { accessToken: token } = await newPerson();
    expect(await roundTrips(() => call(`GET ${path}`, { token }))).toEqual({ database: 1, redis: 1 });
  });

  it("one wait for both: the limiter is asked beside the database", async () => {
    const { accessToken: token } = await newPerson();
    await call("GET /api/v1/auth/me", { token });
    fetched.mockRestore();
    const send = globalThis.fetch;
    const limiterAsked = Promise.withResolvers<void>();
    fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      if (goesTo("UPSTASH_REDIS_REST_URL", input)) limiterAsked.resolve();
      else await limiterAsked.promise;
      return send(input, init);
    });
    expect((await call("GET /api/v1/auth/me", { token })).status).toBe(200);
  });

  it.each(["/api/v1/environments", "/api/v1/environments/", "/api/v1/clusters", "/api/v1/users/me/stats"])(
    "two for a list of one's own: %s",
    async (path) => {
      const { accessToken: token } = await newPerson();
      expect(await roundTrips(() => call(`GET ${path}`, { token }))).toEqual({ database: 2, redis: 1 });
    },
  );

  it("two for one environment", async () => {
    const { person, create } = await newWorld();
    const { body } = await create();
    const ask = () => call(`GET /api/v1/environments/${body.id}`, { token: person.token });
    expect(await roundTrips(ask)).toEqual({ database: 2, redis: 1 });
  });

  it("one for a list that everybody may read", async () => {
    const ask = () => call("GET /api/v1/templates");
    expect(await roundTrips(ask)).toEqual({ database: 1, redis: 1 });
  });

  it("one for a refresh", async () => {
    const { refreshToken } = await newPerson();
    const ask = () => call("POST /api/v1/auth/refresh", { json: { refresh_token: refreshToken } });
    expect(await roundTrips(ask)).toEqual({ database: 1, redis: 1 });
  });
});
