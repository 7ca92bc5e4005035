/**
 * Check 8: one account tried from many addresses and many accounts from one address are both slowed, with Redis up,
 * down, slow or refusing our token; and whoever knows their password gets in all the while.
 */
import { describe, expect, it } from "vitest";
import { connectRedis, type Redis } from "../../../workers/clients/redis.ts";
import { login } from "../../../workers/domain/accounts/login.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import { newAddress, newPerson, randomText } from "../support/api.ts";
import { newDeps, type TestDeps } from "../support/deps.ts";
import { withinOneMinute } from "../support/one-minute.ts";

const timeoutMs = 50;
/** Slower than any limit lets it be, by far: the six seconds of a Redis that is not well. */
const slowMs = 6_000;

const redisOf: Record<string, () => Redis> = {
  up: () => newDeps().redis,
  down: () => connectRedis({ url: "http://127.0.0.1:9", token: "x", timeoutMs }),
  "refusing our token": () => connectRedis({ ...newDeps().config.redis, token: "revoked", timeoutMs }),
  slow: () => {
    const redis = newDeps().redis;
    const late = () => new Promise<never>((_, reject) => setTimeout(() => reject(new Error("late")), slowMs));
    return new Proxy(redis, { get: (target, name) => (name === "evalsha" ? late : Reflect.get(target, name)) });
  },
};

function depsWith(redis: Redis, patienceMs: number): TestDeps {
  const { config } = newDeps();
  const limits = { ...config.limits, credentialAttemptsPerAddressPerMinute: 5, lockFailures: 100 };
  return newDeps({ redis, config: { ...config, limits, redis: { ...config.redis, timeoutMs: patienceMs } } });
}

function attempt(deps: TestDeps, name: string, password: string, address: string): Promise<string> {
  return login(deps, { name, password }, { address, userAgent: null, cookie: null }).then(
    () => "signed in",
    (error) => failureIn(error)?.kind ?? "bug",
  );
}

describe.each(Object.entries(redisOf))("with Redis %s", (state, redis) => {
  // A Redis that is well is given its time, however busy this machine is.
  const patienceMs = state === "up" ? 10_000 : timeoutMs;
  it("one account tried from many addresses is slowed", () =>
    withinOneMinute(async () => {
      const deps = depsWith(redis(), patienceMs);
      const { username } = await newPerson();
      const kinds: string[] = [];
      for (let tries = 0; tries < 7; tries += 1) kinds.push(await attempt(deps, username, "wrong", newAddress()));
      expect(kinds).toEqual([...Array(5).fill("wrong_credentials"), ...Array(2).fill("too_many_requests")]);
    }));

  it("many accounts tried from one address are slowed", () =>
    withinOneMinute(async () => {
      const deps = depsWith(redis(), patienceMs);
      const address = newAddress();
      const kinds: string[] = [];
      for (let tries = 0; tries < 7; tries += 1) kinds.push(await attempt(deps, randomText(12), "wrong", address));
      expect(kinds).toEqual([...Array(5).fill("wrong_credentials"), ...Array(2).fill("too_many_requests")]);
    }));

  it("the right password gets in, again and again", async () => {
    const deps = depsWith(redis(), patienceMs);
    const { username, password } = await newPerson();
    const address = newAddress();
    for (let tries = 0; tries < 7; tries += 1) {
      expect(await attempt(deps, username, password, address)).toBe("signed in");
      await deps.settled();
    }
  });
});
