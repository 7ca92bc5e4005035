/** Control over all terminals of an environment, whatever arrives when: while somebody has it, nobody else's keys reach a shell. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { timing } from "../../durable-objects/protocol/timing.ts";
import { Environment, environmentId, type Person } from "./environment.ts";

const people: readonly Person[] = [
  { id: "ann", access: "owner", version: 2 },
  { id: "ann", access: "owner", version: 1 },
  { id: "dan", access: "driver", version: 2 },
  { id: "eve", access: "driver", version: 2 },
];
const windows = ["main", "w0", "w3"].map((window) => `${environmentId}/${window}`);

const step = fc.record({
  do: fc.oneof(
    { weight: 6, arbitrary: fc.constant("type" as const) },
    { weight: 4, arbitrary: fc.constantFrom("take" as const, "come" as const) },
    { weight: 1, arbitrary: fc.constant("paste" as const) },
    { weight: 1, arbitrary: fc.constantFrom("release" as const, "leave" as const, "wait" as const) },
    { weight: 1, arbitrary: fc.constantFrom("sleep" as const, "cut" as const, "restart" as const) },
  ),
  who: fc.constantFrom(...people),
  where: fc.constantFrom(...windows),
  /** How much of what is under way arrives after it. */
  arrivals: fc.nat({ max: 8 }),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What follows from what has arrived is under way. */
async function sent(): Promise<void> {
  for (let n = 0; n < 20; n += 1) await Promise.resolve();
}

/** Carries the steps out; whatever is under way at the end arrives. */
async function play(schedule: fc.Scheduler, steps: readonly Step[]): Promise<Environment> {
  const environment = new Environment(schedule);
  const sockets = new Map<string, string[]>();
  for (const { do: deed, who, where, arrivals } of steps) {
    environment.now += 1_000;
    const terminal = environment.terminal(where);
    const whose = where + who.id + who.version;
    const mine = sockets.get(whose) ?? [];
    const [socket] = mine;
    if (deed === "come" && mine.length < 2) sockets.set(whose, [...mine, terminal.join(who)]);
    else if (deed === "sleep") terminal.hibernate();
    else if (deed === "cut") terminal.cut();
    else if (deed === "restart") environment.restart();
    else if (deed === "wait") pass(environment);
    else if (socket === undefined) continue;
    else if (deed === "type" || deed === "paste") terminal[deed](socket, who.id);
    else if (deed === "take" || deed === "release") terminal.say(socket, { type: "control", action: deed });
    else if (deed === "leave") {
      terminal.leave(socket);
      sockets.set(whose, mine.slice(1));
    }
    environment.expire();
    for (let n = 0; n < arrivals; n += 1) {
      await sent();
      if (schedule.count() > 0) await schedule.waitNext(1);
    }
  }
  await schedule.waitIdle();
  await wait(environment, schedule);
  return environment;
}

/** Longer than a paste without its rest, and than who has control may be away. */
function pass(environment: Environment): void {
  environment.now += timing.controlKeptMs;
  vi.advanceTimersByTime(timing.controlKeptMs);
}

/** Until nothing that is due by then is left to be done. */
async function wait(environment: Environment, schedule: fc.Scheduler): Promise<void> {
  for (let n = 0; n < 2; n += 1) {
    pass(environment);
    environment.expire();
    await schedule.waitIdle();
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("control of an environment", () => {
  it("is one person's at all terminals at every moment, whatever arrives when, and who sleeps, leaves or restarts", async () => {
    let typedWhileHeld = 0;
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(step, { minLength: 20, maxLength: 80 }), async (schedule, steps) => {
        const { applied } = await play(schedule, steps);
        expect(applied.filter(({ by, holder }) => holder !== null && by !== holder)).toEqual([]);
        expect(applied.filter(({ by, next }) => by === next)).toEqual([]);
        typedWhileHeld += applied.filter(({ holder }) => holder !== null).length;
      }),
      { numRuns: 150 },
    );
    // Some must have, or nothing was shown; how many is chance.
    expect(typedWhileHeld).toBeGreaterThan(0);
  });

  it("is known to everybody alike once all has arrived, is its owner's to take, and ends without its holder", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(step, { minLength: 10, maxLength: 60 }), async (schedule, steps) => {
        const environment = await play(schedule, steps);
        const known = () => new Set(environment.terminals.flatMap((terminal) => terminal.known));
        expect([...known()].filter((each) => each !== environment.holder)).toEqual([]);

        const owner = environment.terminal(windows[1] ?? "");
        const socket = owner.join({ id: "ann", access: "owner", version: 2 });
        environment.now += 20_000;
        await schedule.waitIdle();
        owner.say(socket, { type: "control", action: "take" });
        await schedule.waitIdle();
        await wait(environment, schedule);
        expect([environment.holder, ...known()]).toEqual(["ann", "ann"]);

        for (const terminal of environment.terminals) {
          for (const viewer of [...terminal.room.viewers.values()])
            if (viewer.userId === "ann") terminal.leave(viewer.id);
        }
        await schedule.waitIdle();
        await wait(environment, schedule);
        expect([environment.holder, ...known()].filter((each) => each !== null)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
