/** What limits do when Redis is down or slow: the general one opens, the one on credentials never does. */
import { describe, expect, it } from "vitest";
import { connectRedis } from "../../../workers/clients/redis.ts";
import { beginCredentialAttempt } from "../../../workers/domain/credential-limits.ts";
import { newLimitAhead } from "../../../workers/domain/limit-ahead.ts";
import { beginCreation, limitAddress, limitUser } from "../../../workers/domain/limits.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import type { Principal } from "../../../workers/rules/principal.ts";
import { newAddress, randomText } from "../support/api.ts";
import { newClock, newDeps } from "../support/deps.ts";

const timeoutMs = 50;
/** It is there and refuses every command. */
const down = () => connectRedis({ ...newDeps().config.redis, token: "revoked", timeoutMs });

/** Connected to the real one, but no answer ever comes back. */
function slow() {
  const redis = down();
  redis.evalsha = () => new Promise(() => {});
  return redis;
}

function depsWith(redis: ReturnType<typeof down>) {
  const { config } = newDeps();
  const clock = newClock();
  const lines: unknown[] = [];
  const deps = newDeps({
    redis,
    now: clock.now,
    log: (_level, msg, fields) => lines.push([msg, fields?.["reason"]]),
    config: { ...config, redis: { ...config.redis, timeoutMs } },
  });
  return { deps, clock, lines };
}

describe.each([
  ["down", down],
  ["slow", slow],
])("with Redis %s", (_, redis) => {
  it("the general limit lets requests pass and says so in the log", async () => {
    const { deps, lines } = depsWith(redis());
    expect(await limitAddress(deps, newAddress())).toMatchObject({ isAllowed: true, limit: 100 });
    expect(lines).toEqual([["limiter is silent, letting the request pass", expect.any(String)]]);
  });

  it("the limit on credentials counts in memory, and opens with the next minute", async () => {
    const { deps, clock } = depsWith(redis());
    const attempt = { subject: randomText(12), address: newAddress() };
    for (let attempts = 0; attempts < 5; attempts += 1) await beginCredentialAttempt(deps, attempt);
    const refused = await beginCredentialAttempt(deps, attempt).catch(failureIn);
    expect(refused).toEqual({ kind: "too_many_requests", what: "attempts", retryAfterSeconds: 60 });
    clock.advanceSeconds(60);
    expect(await beginCredentialAttempt(deps, attempt)).toHaveProperty("succeed");
  });

  it("a success gives the attempt back there too", async () => {
    const { deps } = depsWith(redis());
    const attempt = { subject: randomText(12), address: newAddress() };
    for (let attempts = 0; attempts < 8; attempts += 1) {
      const begun = await beginCredentialAttempt(deps, attempt);
      await begun.succeed();
    }
    expect(await beginCredentialAttempt(deps, attempt)).toHaveProperty("succeed");
  });
});

it("counts an account over all addresses, with Redis up", async () => {
  const deps = newDeps();
  const subject = randomText(12);
  const attempt = () => beginCredentialAttempt(deps, { subject, address: newAddress() });
  for (let attempts = 0; attempts < 5; attempts += 1) await attempt();
  expect(await attempt().catch(failureIn)).toMatchObject({ kind: "too_many_requests", what: "attempts" });
});

describe("creations of environments", () => {
  it("are so many an hour, and one that came to nothing does not count", async () => {
    const deps = newDeps({ limits: { environmentsPerHour: 2 } });
    const userId = randomText(20);
    const failed = await beginCreation(deps, userId);
    await failed.giveBack();
    await beginCreation(deps, userId);
    await beginCreation(deps, userId);
    const refused = await beginCreation(deps, userId).catch(failureIn);
    expect(refused).toMatchObject({ kind: "too_many_requests", what: "environments" });
  });

  it("go on without Redis", async () => {
    const { deps } = depsWith(down());
    expect(await beginCreation(deps, randomText(20))).toHaveProperty("giveBack");
  });
});

describe("the limit of a person that is asked ahead", () => {
  const person = (requestsPerMinute = 100) =>
    ({ userId: randomText(20), sessionId: randomText(20), requestsPerMinute }) as Principal;

  async function remaining(principal: Principal): Promise<number> {
    return (await limitUser(newDeps(), principal)).remaining;
  }

  it("counts a request once, whether the session was seen before or not", async () => {
    const principal = person();
    for (const expected of [99, 98, 97]) {
      const limit = newLimitAhead(newDeps());
      limit.begin(principal.sessionId);
      expect(await limit.verdict(principal)).toMatchObject({ isAllowed: true, remaining: expected });
    }
  });

  it("counts nothing for the person of a session that has ended, and asks no more for it", async () => {
    const principal = person();
    const alive = newLimitAhead(newDeps());
    alive.begin(principal.sessionId);
    await alive.verdict(principal);
    for (const attempt of ["first", "second"]) {
      const deps = newDeps();
      const ended = newLimitAhead(deps);
      ended.begin(principal.sessionId);
      ended.giveBack();
      await deps.settled();
      expect([attempt, await remaining(principal)]).toEqual([attempt, attempt === "first" ? 98 : 97]);
    }
  });

  it("goes by the plan of now", async () => {
    const before = person(1);
    await newLimitAhead(newDeps()).verdict(before);
    const limit = newLimitAhead(newDeps());
    limit.begin(before.sessionId);
    expect(await limit.verdict({ ...before, requestsPerMinute: 50 })).toMatchObject({ isAllowed: true, limit: 50 });
  });
});
