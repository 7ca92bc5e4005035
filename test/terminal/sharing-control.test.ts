/** Who has control, as the people at one terminal see it: what is applied, refused, kept and told. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits, timing } from "../../durable-objects/protocol/timing.ts";
import { shared } from "./shared.ts";
import { World } from "./world.ts";

/** Their owner is refused while control is kept for somebody who has left, and types once that is over. */
async function refusedUntilExpired({ world, owner, say, errors, applied }: ReturnType<typeof shared>): Promise<void> {
  await say(owner, { type: "input", data: "refused", i: 1 });
  world.now += timing.controlKeptMs;
  await world.control.expire();
  await say(owner, { type: "input", data: "free", i: 2 });
  expect([errors(owner), applied()]).toEqual([["not_in_control"], ["free"]]);
}

describe("control", () => {
  it("is one person's: others' input is refused by name and number, and its number is used up", async () => {
    const { come, owner, settle, say, typed, applied, errors } = shared();
    const driver = come("dan", "driver");
    settle();
    await say(driver, { type: "control", action: "take" });
    await say(owner, { type: "input", data: "o", i: 1 });
    await say(driver, { type: "input", data: "d", i: 1 });
    await say(driver, { type: "control", action: "release" });
    await say(owner, { type: "input", data: "again", i: 2 });
    expect(errors(owner)).toEqual(["not_in_control"]);
    expect(applied()).toEqual(["d", "again"]);
    expect(typed().map(({ i, data }) => [i, data])).toEqual([
      [1, ""],
      [1, "d"],
      [2, "again"],
    ]);
  });

  it("lets everybody who may type ask how far their input has come", async () => {
    const { come, owner, settle, say, typed, errors } = shared();
    const driver = come("dan", "driver");
    settle();
    await say(driver, { type: "control", action: "take" });
    await say(owner, { type: "input", data: "", i: 7 });
    expect([errors(owner), typed().map(({ i }) => i)]).toEqual([[], [7]]);
  });

  it("ends a paste that it interrupts, without a byte of its rest", async () => {
    const { world, come, owner, bridge, settle, say } = shared();
    const driver = come("dan", "driver");
    settle();
    await say(driver, { type: "paste", i: 1, id: "p", data: "begun", last: false });
    await say(owner, { type: "control", action: "take" });
    await say(driver, { type: "paste", i: 2, id: "p", data: "rest", last: false });
    const last = world.toBridge(bridge).slice(-3);
    expect(last).toMatchObject([
      { type: "paste", i: 1, data: "begun" },
      { type: "left" },
      { type: "input", i: 2, data: "" },
    ]);
  });

  it("goes to who asks first, and the owner takes it from anybody", async () => {
    const { come, owner, settle, say, errors, told } = shared();
    const [dan, eve] = [come("dan", "driver"), come("eve", "driver")];
    settle();
    await say(dan, { type: "control", action: "take" });
    await say(eve, { type: "control", action: "take" });
    await say(eve, { type: "control", action: "release" });
    expect(errors(eve)).toEqual(["not_in_control"]);
    expect(
      told(owner)
        ?.filter(({ has_control }) => has_control)
        .map(({ id }) => id),
    ).toEqual(["dan"]);
    await say(owner, { type: "control", action: "take" });
    expect(
      told(dan)
        ?.filter(({ has_control }) => has_control)
        .map(({ id }) => id),
    ).toEqual(["ann"]);
  });

  it("holds for all devices of its holder, and ends when the last of them does not come back", async () => {
    const { world, come, owner, settle, say, errors, applied } = shared();
    const [first, second] = [come("dan", "driver"), come("dan", "driver")];
    settle();
    await say(first, { type: "control", action: "take" });
    await say(second, { type: "input", data: "from the second", i: 1 });
    world.leave(first);
    await world.settled();
    await say(owner, { type: "input", data: "refused", i: 1 });
    world.leave(second);
    await world.settled();
    const wait = async (ms: number) => {
      world.now += ms;
      await world.control.expire();
    };
    await wait(timing.controlKeptMs - 1);
    const third = come("dan", "driver");
    settle();
    await world.settled();
    await wait(timing.controlKeptMs);
    await say(owner, { type: "input", data: "refused again", i: 2 });
    world.leave(third);
    await world.settled();
    await wait(timing.controlKeptMs);
    await say(owner, { type: "input", data: "free", i: 3 });
    expect([errors(owner), applied()]).toEqual([
      ["not_in_control", "not_in_control"],
      ["from the second", "free"],
    ]);
  });

  it("ends at once with a holder who is shown out for good", async () => {
    const { world, come, owner, settle, say, errors, applied } = shared();
    const driver = come("dan", "driver");
    settle();
    await say(driver, { type: "control", action: "take" });
    world.send({ kind: "end", which: [driver], close: "accessEnded" });
    await world.settled();
    await say(owner, { type: "input", data: "free", i: 1 });
    expect([errors(owner), applied()]).toEqual([[], ["free"]]);
  });

  it("is kept while a holder whose window was closed goes to another one", async () => {
    const ground = shared();
    const { world, come, settle, say } = ground;
    const driver = come("dan", "driver");
    settle();
    await say(driver, { type: "control", action: "take" });
    world.send({ kind: "end", which: [driver], close: "windowGone" });
    await world.settled();
    await refusedUntilExpired(ground);
  });

  it("ends also where its holder was cut before they had it", async () => {
    const ground = shared();
    const { world, come, settle } = ground;
    const driver = come("dan", "driver");
    settle();
    world.say(driver, { type: "control", action: "take" });
    world.leave(driver);
    await world.settled();
    await refusedUntilExpired(ground);
  });

  it("ends also where its holder left a terminal that had slept without a bridge, and everybody is told", async () => {
    const { world, come, owner, bridge, settle, say } = shared();
    const driver = come("dan", "driver");
    settle();
    await say(driver, { type: "control", action: "take" });
    world.now += timing.controlKeptMs;
    await world.control.expire();
    world.keepsakes.delete(bridge);
    world.send({ kind: "bridge_left", id: bridge });
    world.hibernate();
    world.leave(driver);
    await world.settled();
    world.now += timing.controlKeptMs;
    await world.control.expire();
    expect(world.seen(owner).frames.findLast(({ type }) => type === "control")).toEqual({
      type: "control",
      holder: null,
    });
  });

  it("is learnt with the answer where a terminal was not told of it", async () => {
    const { world, come, owner, settle, say, errors } = shared();
    const driver = come("dan", "driver");
    settle();
    const wish = { action: "take", user: { id: "eve", name: "eve" }, isOwner: false } as const;
    const { send } = world;
    world.send = () => undefined;
    await world.control.ask("env_played/w0", wish);
    world.send = send;
    await say(driver, { type: "control", action: "take" });
    await say(owner, { type: "input", data: "refused", i: 1 });
    expect([errors(driver), errors(owner)]).toEqual([["not_in_control"], ["not_in_control"]]);
  });

  it("is told to everybody of version 2, to who comes later too, and when it ends", async () => {
    const { world, come, owner, settle, say } = shared();
    const driver = come("dan", "driver");
    settle();
    await say(driver, { type: "control", action: "take" });
    const late = come("eve", "driver");
    const old = world.join("terminal", 1, "ann");
    await say(driver, { type: "control", action: "release" });
    const told = (id: string) => world.seen(id).frames.filter(({ type }) => (type as string) === "control");
    const both = [
      { type: "control", holder: { id: "dan", name: "name of dan" } },
      { type: "control", holder: null },
    ];
    expect([told(owner), told(driver), told(late), told(old)]).toEqual([both, both, both, []]);
  });

  it("that could not be asked for is told to who wished it, and is asked for again when its owner types on", async () => {
    const { world, come, settle, say, applied, errors } = shared();
    const driver = come("dan", "driver");
    settle();
    await say(driver, { type: "control", action: "take" });
    const old = world.join("terminal", 1, "ann");
    const { ask } = world.control;
    world.control.ask = () => Promise.resolve(null as never);
    await say(driver, { type: "control", action: "release" });
    await say(old, { type: "input", data: "mi" });
    world.control.ask = ask;
    await say(old, { type: "input", data: "ne" });
    expect([errors(driver), errors(old), applied()]).toEqual([["bridge_unavailable"], [], ["mine"]]);
  });

  it("is wished for only so often by one client, which is told so", async () => {
    const { world, come, settle, say, errors } = shared();
    const driver = come("dan", "driver");
    settle();
    for (let n = 0; n <= limits.controlWishBurst; n += 1) await say(driver, { type: "control", action: "take" });
    world.now += 1_000;
    await say(driver, { type: "control", action: "release" });
    expect([errors(driver), world.room.control.holder]).toEqual([["rate_limited"], null]);
  });

  it("outlives hibernation", async () => {
    const { world, come, owner, settle, say, errors } = shared();
    const driver = come("dan", "driver");
    settle();
    await say(driver, { type: "control", action: "take" });
    world.hibernate();
    await say(owner, { type: "input", data: "x", i: 1 });
    expect(errors(owner)).toEqual(["not_in_control"]);
  });

  it("is kept from guests with clients of version 1 too", async () => {
    const { world, come, settle, say, applied, errors } = shared();
    const driver = come("dan", "driver");
    settle();
    await say(driver, { type: "control", action: "take" });
    const old = world.join("terminal", 1, "eve", { access: "driver" });
    await say(old, { type: "input", data: "x" });
    expect([errors(old), applied()]).toEqual([["not_in_control"], []]);
  });

  it("of others ends when its owner types with a client of version 1, which cannot take it, and not by a log", async () => {
    const { world, come, settle, say, applied, errors, told } = shared();
    const driver = come("dan", "driver");
    settle();
    await say(driver, { type: "control", action: "take" });
    await say(world.join("logs", 1, "ann"), { type: "input", data: "x" });
    expect(told(driver)?.some((each) => each.has_control)).toBe(true);
    const old = world.join("terminal", 1, "ann");
    await say(old, { type: "input", data: "mine" });
    await say(driver, { type: "input", data: "d", i: 1 });
    expect([errors(old), applied()]).toEqual([[], ["mine", "d"]]);
    expect(told(driver)?.some((each) => each.has_control)).toBe(false);
  });

  it("is asked for again when held input of version 1 is handed over, after waking too", async () => {
    const world = new World();
    const owner = world.join("terminal", 2, "ann");
    world.say(owner, { type: "hello", cid: "client-0001", cols: 80, rows: 24, visible: true });
    await world.settled();
    const [dan, own] = [world.join("terminal", 1, "dan", { access: "driver" }), world.join("terminal", 1, "ann")];
    for (const id of [dan, own]) world.say(id, { type: "input", data: `held ${id}` });
    world.say(owner, { type: "control", action: "take" });
    await world.settled();
    world.hibernate();
    const bridge = world.dial(1, 2);
    world.hello(bridge, { epoch: "e1", seq: 0 });
    world.snapshot(bridge, 0, "$ ");
    const applied = world.toBridge(bridge).flatMap((each) => (each.type === "input" ? [each.data] : []));
    expect(applied).toEqual([`held ${own}`]);
    expect(world.seen(dan).frames).toContainEqual(expect.objectContaining({ type: "error", code: "not_in_control" }));
  });
});

const people = [
  { id: "ann", access: "owner" },
  { id: "dan", access: "driver" },
  { id: "eve", access: "driver" },
  { id: "vic", access: "viewer" },
] as const;
const who = fc.constantFrom(...people);
const step = fc.oneof(
  fc.record({ do: fc.constantFrom("come", "leave", "take", "release", "type"), who }),
  fc.record({ do: fc.constant("hibernate"), who }),
);

it("whatever order people come, go, take, release and type in: only who may types, and everybody knows the same", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { world, come, owner, settle, say, applied, told } = shared();
      const sockets = new Map<string, string[]>([["ann", [owner]]]);
      let holder: string | null = null;
      let leftAt = Number.POSITIVE_INFINITY;
      let number = 0;
      const allowed: string[] = [];
      for (const { do: deed, who: person } of steps) {
        world.now += 10_000;
        await world.control.expire();
        if (world.now - leftAt >= timing.controlKeptMs) [holder, leftAt] = [null, Number.POSITIVE_INFINITY];
        const mine = sockets.get(person.id) ?? [];
        const socket = mine[0];
        number += 1;
        if (deed === "come" && mine.length < 3) {
          sockets.set(person.id, [...mine, come(person.id, person.access)]);
          settle();
          await world.settled();
          if (holder === person.id) leftAt = Number.POSITIVE_INFINITY;
        } else if (deed === "hibernate") world.hibernate();
        if (socket === undefined || (person.id === "ann" && deed === "leave" && mine.length === 1)) continue;
        if (deed === "leave") {
          world.leave(socket);
          await world.settled();
          sockets.set(person.id, mine.slice(1));
          if (mine.length === 1 && holder === person.id) leftAt = world.now;
        }
        const isWriter = person.access !== "viewer";
        if (deed === "take") {
          await say(socket, { type: "control", action: "take" });
          if (person.access === "owner" || (isWriter && holder === null)) {
            if (holder !== person.id) leftAt = Number.POSITIVE_INFINITY;
            holder = person.id;
          }
        }
        if (deed === "release") {
          await say(socket, { type: "control", action: "release" });
          if (holder === person.id) holder = null;
        }
        if (deed === "type") {
          await say(socket, { type: "input", data: `${person.id}${number}`, i: number });
          if (isWriter && (holder === null || holder === person.id)) allowed.push(`${person.id}${number}`);
        }
        expect(applied()).toEqual(allowed);
        const here = [...sockets].filter(([, ids]) => ids.length > 0).map(([id]) => id);
        if (here.length < 2) continue;
        for (const id of [...sockets.values()].flat()) {
          const list = told(id) ?? [];
          expect(list.map((each) => each.id).toSorted()).toEqual(here.toSorted());
          expect(list.filter((each) => each.has_control).map((each) => each.id)).toEqual(
            here.includes(holder ?? "") ? [holder] : [],
          );
        }
      }
    }),
    { numRuns: 150 },
  );
});
