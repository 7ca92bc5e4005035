/** Several people at one terminal: who may type, who has control, who has a say in the size, and who is told of whom. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Participant } from "../../durable-objects/protocol/client-2.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { type Guest, World } from "./world.ts";

/** A terminal with a shell; people come with version 2 unless told otherwise. */
function shared() {
  const world = new World();
  let names = 0;
  const say = (id: string, message: object) => world.say(id, message);
  const come = (userId: string, access: Guest["access"], roleEnds: Guest["roleEnds"] = null) => {
    names += 1;
    const id = world.join("terminal", 2, userId, { access, roleEnds });
    say(id, { type: "hello", cid: `client-${String(names).padStart(4, "0")}`, cols: 80, rows: 24, visible: true });
    return id;
  };
  const owner = come("ann", "owner");
  const bridge = world.dial(1, 2);
  world.hello(bridge, { epoch: "e1", seq: 0 });
  /** The bridge lets in whoever waits. */
  const settle = () => {
    for (const [, viewer] of world.room.viewers) {
      if (viewer.version !== 2 || viewer.standing.state !== "entering" || viewer.entry === null) continue;
      world.fromBridge(bridge, {
        type: "entered",
        entry: viewer.entry,
        i: 0,
        epoch: "e1",
        gen: 0,
        seq: 0,
        cols: 80,
        rows: 24,
      });
      world.snapshot(bridge, 0, "$ ");
    }
  };
  settle();
  const typed = () => world.toBridge(bridge).flatMap((message) => (message.type === "input" ? [message] : []));
  const applied = () => typed().flatMap(({ data }) => (data === "" ? [] : [data]));
  const errors = (id: string) => world.seen(id).frames.flatMap((frame) => (frame.type === "error" ? [frame.code] : []));
  const told = (id: string): Participant[] | null => {
    const frame = world.seen(id).frames.findLast(({ type }) => type === "participants");
    return frame?.type === "participants" ? frame.list : null;
  };
  return { world, come, owner, bridge, settle, say, typed, applied, errors, told };
}

describe("a guest who may only watch", () => {
  it("is refused by name whatever is typed, in both versions, and nothing reaches the shell", () => {
    const { world, come, settle, say, typed, errors } = shared();
    const watcher = come("vic", "viewer");
    settle();
    say(watcher, { type: "input", data: "x", i: 1 });
    say(watcher, { type: "paste", i: 2, id: "p", data: "x", last: true });
    say(watcher, { type: "key", i: 3, name: "up" });
    say(watcher, { type: "control", action: "take" });
    const old = world.join("terminal", 1, "vic", { access: "viewer" });
    say(old, { type: "input", data: "x" });
    expect(errors(watcher)).toEqual(["read_only", "read_only", "read_only", "read_only"]);
    expect(errors(old)).toEqual(["read_only"]);
    expect(typed()).toEqual([]);
    expect(world.toBridge("bridge-2").map(({ type }) => type)).not.toContain("paste");
  });

  it("has no say in the size, and is told it", () => {
    const { world, come, owner, bridge, settle, say } = shared();
    const watcher = come("vic", "viewer");
    settle();
    say(watcher, { type: "resize", cols: 20, rows: 5, visible: true });
    say(owner, { type: "resize", cols: 90, rows: 30, visible: true });
    world.fromBridge(bridge, { type: "size", cols: 90, rows: 30, gen: 1 });
    const asked = world.toBridge(bridge).flatMap((message) => (message.type === "resize" ? [message.cols] : []));
    expect(asked).toEqual([80, 90]);
    expect(world.seen(watcher).frames).toContainEqual({ type: "size", cols: 90, rows: 30, gen: 1 });
  });

  it("learns its role from hello", () => {
    const { world, come, settle } = shared();
    const watcher = come("vic", "viewer");
    settle();
    expect(world.seen(watcher).frames).toContainEqual(expect.objectContaining({ type: "hello", role: "viewer" }));
  });
});

describe("a role that ends by itself", () => {
  it.each([
    [false, "accessEnded"],
    [true, "accessChanged"],
  ] as const)("closes its sockets with what happens next, after waking too (may dial again: %s)", (mayRetry, close) => {
    const { world, come, bridge, settle } = shared();
    const guest = come("dan", "driver", { atMs: world.now + 60_000, mayRetry });
    settle();
    world.now += 59_000;
    world.output(bridge, 0, "before");
    expect(world.seen(guest).closed).toBeNull();
    world.hibernate();
    world.now += 1_000;
    world.output(bridge, 6, "after");
    expect(world.seen(guest).closed).toBe(close);
    const text = world.seen(guest).frames.map((frame) => (frame.type === "output" ? frame.data : ""));
    expect(text.join("")).not.toContain("after");
  });
});

describe("control", () => {
  it("is one person's: others' input is refused by name and number, and its number is used up", () => {
    const { come, owner, settle, say, typed, applied, errors } = shared();
    const driver = come("dan", "driver");
    settle();
    say(driver, { type: "control", action: "take" });
    say(owner, { type: "input", data: "o", i: 1 });
    say(driver, { type: "input", data: "d", i: 1 });
    say(driver, { type: "control", action: "release" });
    say(owner, { type: "input", data: "again", i: 2 });
    expect(errors(owner)).toEqual(["not_in_control"]);
    expect(applied()).toEqual(["d", "again"]);
    expect(typed().map(({ i, data }) => [i, data])).toEqual([
      [1, ""],
      [1, "d"],
      [2, "again"],
    ]);
  });

  it("lets everybody who may type ask how far their input has come", () => {
    const { come, owner, settle, say, typed, errors } = shared();
    const driver = come("dan", "driver");
    settle();
    say(driver, { type: "control", action: "take" });
    say(owner, { type: "input", data: "", i: 7 });
    expect([errors(owner), typed().map(({ i }) => i)]).toEqual([[], [7]]);
  });

  it("ends a paste that it interrupts, without a byte of its rest", () => {
    const { world, come, owner, bridge, settle, say } = shared();
    const driver = come("dan", "driver");
    settle();
    say(driver, { type: "paste", i: 1, id: "p", data: "begun", last: false });
    say(owner, { type: "control", action: "take" });
    say(driver, { type: "paste", i: 2, id: "p", data: "rest", last: false });
    const last = world.toBridge(bridge).slice(-2);
    expect(last).toMatchObject([
      { type: "paste", i: 1, data: "begun" },
      { type: "input", i: 2, data: "" },
    ]);
  });

  it("goes to who asks first, and the owner takes it from anybody", () => {
    const { come, owner, settle, say, errors, told } = shared();
    const [dan, eve] = [come("dan", "driver"), come("eve", "driver")];
    settle();
    say(dan, { type: "control", action: "take" });
    say(eve, { type: "control", action: "take" });
    say(eve, { type: "control", action: "release" });
    expect(errors(eve)).toEqual(["not_in_control"]);
    expect(
      told(owner)
        ?.filter(({ has_control }) => has_control)
        .map(({ id }) => id),
    ).toEqual(["dan"]);
    say(owner, { type: "control", action: "take" });
    expect(
      told(dan)
        ?.filter(({ has_control }) => has_control)
        .map(({ id }) => id),
    ).toEqual(["ann"]);
  });

  it("holds for all devices of its holder and ends with the last of them", () => {
    const { world, come, owner, settle, say, errors, applied } = shared();
    const [first, second] = [come("dan", "driver"), come("dan", "driver")];
    settle();
    say(first, { type: "control", action: "take" });
    say(second, { type: "input", data: "from the second", i: 1 });
    world.leave(first);
    say(owner, { type: "input", data: "refused", i: 1 });
    world.leave(second);
    say(owner, { type: "input", data: "free", i: 2 });
    expect([errors(owner), applied()]).toEqual([["not_in_control"], ["from the second", "free"]]);
  });

  it("outlives hibernation", () => {
    const { world, come, owner, settle, say, errors } = shared();
    const driver = come("dan", "driver");
    settle();
    say(driver, { type: "control", action: "take" });
    world.hibernate();
    say(owner, { type: "input", data: "x", i: 1 });
    expect(errors(owner)).toEqual(["not_in_control"]);
  });

  it("is kept from guests with clients of version 1 too", () => {
    const { world, come, settle, say, applied, errors } = shared();
    const driver = come("dan", "driver");
    settle();
    say(driver, { type: "control", action: "take" });
    const old = world.join("terminal", 1, "eve", { access: "driver" });
    say(old, { type: "input", data: "x" });
    expect([errors(old), applied()]).toEqual([["not_in_control"], []]);
  });

  it("of others ends when its owner types with a client of version 1, which cannot take it, and not by a log", () => {
    const { world, come, settle, say, applied, errors, told } = shared();
    const driver = come("dan", "driver");
    settle();
    say(driver, { type: "control", action: "take" });
    say(world.join("logs", 1, "ann"), { type: "input", data: "x" });
    expect(told(driver)?.some((each) => each.has_control)).toBe(true);
    const old = world.join("terminal", 1, "ann");
    say(old, { type: "input", data: "mine" });
    say(driver, { type: "input", data: "d", i: 1 });
    expect([errors(old), applied()]).toEqual([[], ["mine", "d"]]);
    expect(told(driver)?.some((each) => each.has_control)).toBe(false);
  });

  it("is asked for again when held input of version 1 is handed over, after waking too", () => {
    const world = new World();
    const owner = world.join("terminal", 2, "ann");
    world.say(owner, { type: "hello", cid: "client-0001", cols: 80, rows: 24, visible: true });
    const [dan, own] = [world.join("terminal", 1, "dan", { access: "driver" }), world.join("terminal", 1, "ann")];
    for (const id of [dan, own]) world.say(id, { type: "input", data: `held ${id}` });
    world.say(owner, { type: "control", action: "take" });
    world.hibernate();
    const bridge = world.dial(1, 2);
    world.hello(bridge, { epoch: "e1", seq: 0 });
    world.snapshot(bridge, 0, "$ ");
    const applied = world.toBridge(bridge).flatMap((each) => (each.type === "input" ? [each.data] : []));
    expect(applied).toEqual([`held ${own}`]);
    expect(world.seen(dan).frames).toContainEqual(expect.objectContaining({ type: "error", code: "not_in_control" }));
  });
});

describe("the size", () => {
  /** The widths that the bridge was asked for after `from`. */
  const widths = (world: World, bridge: string, from: number) =>
    world
      .toBridge(bridge)
      .slice(from)
      .flatMap((message) => (message.type === "resize" ? [message.cols] : []));

  it("is the owner's, the latest one's or a fixed one, as its owner chooses, and the smallest again without them", () => {
    const { world, come, owner, bridge, settle, say } = shared();
    const driver = come("dan", "driver");
    settle();
    say(owner, { type: "resize", cols: 120, rows: 40, visible: true });
    say(driver, { type: "resize", cols: 60, rows: 20, visible: true });
    const from = world.toBridge(bridge).length;
    say(owner, { type: "policy", kind: "owner" });
    world.now += 10;
    say(owner, { type: "policy", kind: "latest" });
    say(driver, { type: "input", data: "x", i: 1 });
    say(owner, { type: "policy", kind: "fixed", cols: 100, rows: 30 });
    world.hibernate();
    say(driver, { type: "resize", cols: 50, rows: 20, visible: true });
    const second = come("ann", "owner");
    settle();
    world.leave(owner);
    world.leave(second);
    expect(widths(world, bridge, from)).toEqual([120, 60, 100, 50]);
  });

  it("is nobody's once those who may type hide or go, as the bridge is told, and asked for again when they are back", () => {
    const { world, come, owner, bridge, settle, say } = shared();
    come("vic", "viewer");
    settle();
    const sizes = () => world.toBridge(bridge).flatMap(({ type }) => (/size/.test(type) ? [type] : []));
    say(owner, { type: "resize", cols: 80, rows: 24, visible: false });
    say(owner, { type: "resize", cols: 80, rows: 24, visible: true });
    world.hibernate();
    world.leave(owner);
    expect(sizes()).toEqual(["resize", "unsized", "resize", "unsized"]);
  });

  it("is not for guests to choose, and a fixed one has to be named", () => {
    const { world, come, owner, bridge, settle, say, errors } = shared();
    const driver = come("dan", "driver");
    settle();
    const from = world.toBridge(bridge).length;
    say(driver, { type: "policy", kind: "latest" });
    say(owner, { type: "policy", kind: "fixed", cols: 100 });
    expect([errors(driver), errors(owner), widths(world, bridge, from)]).toEqual([["not_owner"], ["bad_frame"], []]);
  });
});

describe("participants", () => {
  it("are told to clients of version 2 when somebody comes, hides and goes; who is alone hears nothing", () => {
    const { world, come, owner, settle, say, told } = shared();
    expect(told(owner)).toBeNull();
    const old = world.join("terminal", 1, "ann");
    expect(told(owner)).toBeNull();
    const watcher = come("vic", "viewer");
    settle();
    const ann = { id: "ann", name: "name of ann", role: "owner", visible: true, has_control: false };
    const vic = { id: "vic", name: "name of vic", role: "viewer", visible: true, has_control: false };
    expect([told(owner), told(watcher)]).toEqual([
      [ann, vic],
      [ann, vic],
    ]);
    say(watcher, { type: "resize", cols: 80, rows: 24, visible: false });
    expect(told(owner)).toEqual([ann, { ...vic, visible: false }]);
    world.leave(watcher);
    expect(told(owner)).toEqual([ann]);
    expect(world.types(old)).not.toContain("participants");
  });

  it("are told to a second device that changes nothing for the others", () => {
    const { world, come, owner, settle, told } = shared();
    come("vic", "viewer");
    settle();
    const count = () => world.types(owner).filter((type) => type === "participants").length;
    const before = count();
    const second = come("vic", "viewer");
    settle();
    expect(told(second)).toEqual(told(owner));
    expect(count()).toBe(before);
  });

  it("are so many at most in one message, and a crowd that comes at once is not told of each", () => {
    const { world, come, owner, bridge, told } = shared();
    for (let n = 0; n < 200; n += 1) come(`guest-${n}`, "viewer");
    const messages = [...world.viewers.keys()].reduce(
      (sum, id) => sum + world.types(id).filter((type) => type === "participants").length,
      0,
    );
    expect(messages).toBeLessThan(2 * limits.participantsBurst + 2 * 200);
    expect(told(owner)?.length).toBeLessThanOrEqual(limits.maxToldParticipants);
    world.now += 10_000;
    come("last", "viewer");
    world.now += 10_000;
    world.output(bridge, 0, "something happens");
    const last = world.seen(owner).frames.findLast(({ type }) => type === "participants");
    expect(last).toMatchObject({ total: 202 });
  });
});

it("a terminal that is full keeps guests out until one has left, after waking too, and its owner never", () => {
  const world = new World();
  const guest = { access: "viewer" } as const;
  const guests = Array.from({ length: limits.maxGuestSocketsPerTerminal }, (_, n) =>
    world.join("terminal", 2, `guest-${n}`, guest),
  );
  expect(guests.filter((id) => world.seen(id).closed !== null)).toEqual([]);
  const late = world.join("terminal", 1, "late", { access: "driver" });
  world.hibernate();
  const later = world.join("terminal", 2, "later", guest);
  const owner = world.join("terminal", 2, "ann");
  expect([late, later, owner].map((id) => world.seen(id).closed)).toEqual(["tryLater", "tryLater", null]);
  expect([world.released, world.types(late)]).toEqual([[late, later], []]);
  world.leave(guests[0] as string);
  expect(world.seen(world.join("terminal", 2, "later", guest)).closed).toBeNull();
});

describe("participants of a crowd", () => {
  const crowd = () => {
    const room = shared();
    const ids = Array.from({ length: 300 }, (_, n) => room.come(`guest-${n}`, "viewer"));
    const quiet = () => {
      room.world.now += 10_000;
      room.world.output(room.bridge, 0, "");
    };
    // Told of all of them, and rested since.
    quiet();
    quiet();
    const hide = (id: string, isHidden: boolean) =>
      room.say(id, { type: "resize", cols: 80, rows: 24, visible: !isHidden });
    const count = () => room.world.types(room.owner).filter((type) => type === "participants").length;
    return { ...room, ids, quiet, hide, count };
  };

  it("are told nothing again while only those change whom no message names", () => {
    const { ids, quiet, hide, count, told, owner } = crowd();
    const before = count();
    for (const isHidden of [true, false, true]) {
      hide(ids.at(-1) as string, isHidden);
      quiet();
    }
    expect(count()).toBe(before);
    hide(ids[0] as string, true);
    expect(told(owner)?.find(({ id }) => id === "guest-0")?.visible).toBe(false);
  });

  it("are not looked at while nothing may be told of them", () => {
    const { world, ids, hide, count, owner, quiet } = crowd();
    const [first, ann] = [ids[0] as string, world.room.viewers.get(owner)];
    if (ann === undefined) throw new Error("no owner");
    let looks = 0;
    const name = ann.username;
    const look = () => {
      looks += 1;
      return name;
    };
    Object.defineProperty(ann, "username", { get: look });
    hide(first, true);
    const [told, seen] = [count(), looks];
    expect(seen).toBeGreaterThan(0);
    for (let n = 0; n < 20; n += 1) hide(first, n % 2 === 0);
    expect([count(), looks]).toEqual([told, seen]);
    hide(first, false);
    quiet();
    expect(count()).toBe(told + 1);
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

it("whatever order people come, go, take, release and type in: only who may types, and everybody knows the same", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { world, come, owner, settle, say, applied, told } = shared();
      const sockets = new Map<string, string[]>([["ann", [owner]]]);
      let holder: string | null = null;
      let number = 0;
      const allowed: string[] = [];
      for (const { do: deed, who: person } of steps) {
        world.now += 10_000;
        const mine = sockets.get(person.id) ?? [];
        const socket = mine[0];
        number += 1;
        if (deed === "come" && mine.length < 3) {
          sockets.set(person.id, [...mine, come(person.id, person.access)]);
          settle();
        } else if (deed === "hibernate") world.hibernate();
        if (socket === undefined || (person.id === "ann" && deed === "leave" && mine.length === 1)) continue;
        if (deed === "leave") {
          world.leave(socket);
          sockets.set(person.id, mine.slice(1));
          if (mine.length === 1 && holder === person.id) holder = null;
        }
        const isWriter = person.access !== "viewer";
        if (deed === "take") {
          say(socket, { type: "control", action: "take" });
          if (person.access === "owner" || (isWriter && holder === null)) holder = person.id;
        }
        if (deed === "release") {
          say(socket, { type: "control", action: "release" });
          if (holder === person.id) holder = null;
        }
        if (deed === "type") {
          say(socket, { type: "input", data: `${person.id}${number}`, i: number });
          if (isWriter && (holder === null || holder === person.id)) allowed.push(`${person.id}${number}`);
        }
        expect(applied()).toEqual(allowed);
        const here = [...sockets].filter(([, ids]) => ids.length > 0).map(([id]) => id);
        if (here.length < 2) continue;
        for (const id of [...sockets.values()].flat()) {
          const list = told(id) ?? [];
          expect(list.map((each) => each.id).toSorted()).toEqual(here.toSorted());
          expect(list.filter((each) => each.has_control).map((each) => each.id)).toEqual(
            holder === null ? [] : [holder],
          );
        }
      }
    }),
    { numRuns: 150 },
  );
});
