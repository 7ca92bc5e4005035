/** What a route costs in round trips: to the database one for who asks and one for what is asked, to Redis one. */

import { env } from "cloudflare:workers";
import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { api, newWorld } from "../environments/world.ts";
import { newPerson } from "../support/api.ts";

type Service = "database" | "redis";

const addresses = {
  database: String(Reflect.get(env, "NEON_FETCH_ENDPOINT")),
  redis: String(Reflect.get(env, "UPSTASH_REDIS_REST_URL")),
};
const send = globalThis.fetch;
/** What the request at hand asks; what others in this isolate ask meanwhile is not its doing. */
const requests = new AsyncLocalStorage<{ asked: Service[]; beforeDatabase?: Promise<void>; onRedis?: () => void }>();

beforeEach(() => {
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = requests.getStore();
    const isRedis = String(input).startsWith(addresses.redis);
    request?.asked.push(isRedis ? "redis" : "database");
    if (isRedis) request?.onRedis?.();
    else await request?.beforeDatabase;
    return send(input, init);
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Round trips that `ask` makes. The first time may note that something is in use; the second is counted. */
async function roundTrips(ask: () => Promise<{ status: number }>): Promise<Record<Service, number>> {
  await ask();
  const request = { asked: [] as Service[] };
  expect((await requests.run(request, ask)).status).toBe(200);
  const to = (service: Service) => request.asked.filter((asked) => asked === service).length;
  return { database: to("database"), redis: to("redis") };
}

describe("round trips", () => {
  it.each(["/api/v1/auth/me", "/api/v1/auth/profile", "/api/v1/users/me"])("one for who one is: %s", async (path) => {
    const { accessToken: token } = await newPerson();
    expect(await roundTrips(() => api("GET", path, { token }))).toEqual({ database: 1, redis: 1 });
  });

  it("one wait for both: the limiter is asked beside the database", async () => {
    const { accessToken: token } = await newPerson();
    await api("GET", "/api/v1/auth/me", { token });
    const { promise, resolve } = Promise.withResolvers<void>();
    const request = { asked: [], beforeDatabase: promise, onRedis: resolve };
    const { status } = await requests.run(request, () => api("GET", "/api/v1/auth/me", { token }));
    expect([status, request.asked.toSorted()]).toEqual([200, ["database", "redis"]]);
  });

  it.each(["/api/v1/environments", "/api/v1/environments/", "/api/v1/clusters", "/api/v1/users/me/stats"])(
    "two for a list of one's own: %s",
    async (path) => {
      const { accessToken: token } = await newPerson();
      expect(await roundTrips(() => api("GET", path, { token }))).toEqual({ database: 2, redis: 1 });
    },
  );

  it("two for one environment", async () => {
    const { person, create } = await newWorld();
    const { body } = await create();
    const ask = () => api("GET", `/api/v1/environments/${body.id}`, { token: person.token });
    expect(await roundTrips(ask)).toEqual({ database: 2, redis: 1 });
  });

  it("one for a list that everybody may read", async () => {
    expect(await roundTrips(() => api("GET", "/api/v1/templates"))).toEqual({ database: 1, redis: 1 });
  });

  it("one for a refresh", async () => {
    const { refreshToken } = await newPerson();
    const ask = () => api("POST", "/api/v1/auth/refresh", { body: { refresh_token: refreshToken } });
    expect(await roundTrips(ask)).toEqual({ database: 1, redis: 1 });
  });
});
