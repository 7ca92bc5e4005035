/** How counts of many isolates become one: nothing is lost, nothing counts twice, and nobody waits. */
import { describe, expect, it } from "vitest";
import { addCounts, readCounts } from "../../../workers/clients/counts.ts";
import { Gathering } from "../../../workers/clients/gathering.ts";
import { connectRedis, type Redis } from "../../../workers/clients/redis.ts";
import { randomText } from "../support/api.ts";
import { newClock, newDeps } from "../support/deps.ts";

const { redis, config } = newDeps();
const nobody = connectRedis({ ...config.redis, url: "http://127.0.0.1:9" });

/** An isolate's counts with a clock of the test's own; what it would sleep for waits until `wake`. */
function newIsolate(over: Redis = redis, isScraped = true) {
  const clock = newClock();
  const sleepers: (() => void)[] = [];
  let current = over;
  // The real client behind a switch: Redis goes and comes back.
  const switched = new Proxy(over, { get: (_, name) => Reflect.get(current, name).bind(current) });
  const gathering = new Gathering(switched, {
    isScraped,
    flushAfterMs: 10_000,
    newId: () => randomText(20),
    nowMs: () => clock.now().getTime(),
    sleep: () => new Promise((resolve) => sleepers.push(resolve)),
  });
  const wake = () => {
    for (const resolve of sleepers.splice(0)) resolve();
  };
  const use = (other: Redis) => {
    current = other;
  };
  return { gathering, clock, wake, use, sleepers };
}

const kept = async (code: string) => (await readCounts(redis))[`errors\t${code}`] ?? 0;

describe("gathered counts", () => {
  it("of two isolates add up exactly, over many batches at once", async () => {
    const code = randomText(12);
    const isolates = [newIsolate(), newIsolate()];
    for (let round = 0; round < 5; round += 1) {
      const sent = isolates.flatMap(({ gathering, wake }) => {
        const works: (Promise<void> | null)[] = [];
        for (let request = 0; request < 40; request += 1) {
          gathering.meter.count("errors", code);
          works.push(gathering.flushLater());
        }
        wake();
        return works;
      });
      expect(sent.filter((work) => work !== null)).toHaveLength(2);
      await Promise.all(sent);
    }
    expect(await kept(code)).toBe(400);
  });

  it("that come while others wait go with them, so that none stays behind when traffic ends", async () => {
    const code = randomText(12);
    const { gathering, wake } = newIsolate();
    gathering.meter.count("errors", code);
    const work = gathering.flushLater();
    gathering.meter.count("errors", code);
    expect(gathering.flushLater()).toBeNull();
    expect(await kept(code)).toBe(0);
    wake();
    await work;
    expect(await kept(code)).toBe(2);
    expect(gathering.flushLater()).toBeNull();
  });

  it("wait for a Redis that is away, and count once when it is back", async () => {
    const code = randomText(12);
    const { gathering, wake, use } = newIsolate();
    use(nobody);
    for (let round = 1; round <= 3; round += 1) {
      gathering.meter.count("errors", code);
      const work = gathering.flushLater();
      wake();
      await expect(work).rejects.toThrow();
    }
    use(redis);
    const work = gathering.flushLater();
    wake();
    await work;
    expect(await kept(code)).toBe(3);
  });

  it("count once although the answer to their batch was lost", async () => {
    const code = randomText(12);
    const { gathering, use } = newIsolate();
    const deaf = new Proxy(redis, {
      get: (target, name) => {
        const method = Reflect.get(target, name);
        if (name !== "eval") return method;
        return async (...args: Parameters<Redis["eval"]>) => {
          await target.eval(...args);
          throw new Error("the answer was lost");
        };
      },
    });
    use(deaf);
    gathering.meter.count("errors", code);
    await expect(gathering.flush()).rejects.toThrow("lost");
    gathering.meter.count("errors", code);
    use(redis);
    await gathering.flush();
    await gathering.flush();
    expect(await kept(code)).toBe(2);
  });

  it("are given up when so old that Redis may have forgotten whether it has them", async () => {
    const code = randomText(12);
    const { gathering, use, clock } = newIsolate();
    use(nobody);
    gathering.meter.count("errors", code);
    await expect(gathering.flush()).rejects.toThrow();
    clock.advanceSeconds(31 * 60);
    use(redis);
    gathering.meter.count("errors", code);
    await gathering.flush();
    expect(await kept(code)).toBe(1);
  });

  it("are sent by another request when the one that took it upon itself was cut short", async () => {
    const { gathering, clock, sleepers } = newIsolate();
    gathering.meter.count("errors", randomText(12));
    expect(gathering.flushLater()).not.toBeNull();
    sleepers.length = 0;
    expect(gathering.flushLater()).toBeNull();
    clock.advanceSeconds(31);
    expect(gathering.flushLater()).not.toBeNull();
  });

  it("are kept to themselves where nobody scrapes", () => {
    const { gathering } = newIsolate(redis, false);
    gathering.meter.count("errors", "x");
    expect(gathering.flushLater()).toBeNull();
  });
});

it("a batch of a thousand fields is one request", async () => {
  const prefix = randomText(8);
  const deltas = new Map(Array.from({ length: 1000 }, (_, index) => [`errors\t${prefix}${index}`, index + 1]));
  await addCounts(redis, { id: randomText(20), deltas, cutAtMs: 0 });
  expect(await kept(`${prefix}999`)).toBe(1000);
});
