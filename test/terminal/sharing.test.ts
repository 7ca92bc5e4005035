/** Several people at one terminal: who may type, who has a say in the size, and who is told of whom. */
import { describe, expect, it } from "vitest";
import { limits, timing } from "../../durable-objects/protocol/timing.ts";
import { shared } from "./shared.ts";
import { World } from "./world.ts";

describe("a guest who may only watch", () => {
  it("is refused by name whatever is typed, in both versions, and nothing reaches the shell", () => {
    const { world, come, settle, typed, errors } = shared();
    const watcher = come("vic", "viewer");
    settle();
    world.say(watcher, { type: "input", data: "x", i: 1 });
    world.say(watcher, { type: "paste", i: 2, id: "p", data: "x", last: true });
    world.say(watcher, { type: "key", i: 3, name: "up" });
    world.say(watcher, { type: "control", action: "take" });
    const old = world.join("terminal", 1, "vic", { access: "viewer" });
    world.say(old, { type: "input", data: "x" });
    expect(errors(watcher)).toEqual(["read_only", "read_only", "read_only", "read_only"]);
    expect(errors(old)).toEqual(["read_only"]);
    expect(typed()).toEqual([]);
    expect(world.toBridge("bridge-2").map(({ type }) => type)).not.toContain("paste");
  });

  it("has no say in the size, and is told it", () => {
    const { world, come, owner, bridge, settle } = shared();
    const watcher = come("vic", "viewer");
    settle();
    world.say(watcher, { type: "resize", cols: 20, rows: 5, visible: true });
    world.say(owner, { type: "resize", cols: 90, rows: 30, visible: true });
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

describe("the size", () => {
  /** The widths that the bridge was asked for after `from`. */
  const widths = (world: World, bridge: string, from: number) =>
    world
      .toBridge(bridge)
      .slice(from)
      .flatMap((message) => (message.type === "resize" ? [message.cols] : []));

  it("is the owner's, the latest one's or a fixed one, as its owner chooses, and stays that while they are away", () => {
    const { world, come, owner, bridge, settle } = shared();
    const driver = come("dan", "driver");
    settle();
    world.say(owner, { type: "resize", cols: 120, rows: 40, visible: true });
    world.say(driver, { type: "resize", cols: 60, rows: 20, visible: true });
    const from = world.toBridge(bridge).length;
    world.say(owner, { type: "policy", kind: "owner" });
    world.now += 10;
    world.say(owner, { type: "policy", kind: "latest" });
    world.say(driver, { type: "input", data: "x", i: 1 });
    world.say(owner, { type: "policy", kind: "fixed", cols: 100, rows: 30 });
    world.hibernate();
    world.say(driver, { type: "resize", cols: 50, rows: 20, visible: true });
    world.leave(owner);
    world.now += timing.policyKeptMs - 1;
    world.hibernate();
    world.send({ kind: "looked_at" });
    const again = come("ann", "owner");
    settle();
    world.leave(again);
    world.now += timing.policyKeptMs - 1;
    world.send({ kind: "looked_at" });
    expect(widths(world, bridge, from)).toEqual([120, 60, 100]);
    world.now += 1;
    world.send({ kind: "looked_at" });
    expect(widths(world, bridge, from)).toEqual([120, 60, 100, 50]);
    expect(world.stored).toBe("null");
  });

  it("is told to everybody when it is chosen and when it ends, and to who comes while it is not the smallest", () => {
    const { world, come, owner, settle } = shared();
    const driver = come("dan", "driver");
    settle();
    const policies = (id: string) => world.seen(id).frames.filter(({ type }) => type === "policy");
    const fixed = { type: "policy", kind: "fixed", cols: 100, rows: 30 };
    const smallest = { type: "policy", kind: "smallest" };
    world.say(owner, fixed);
    const late = come("eve", "viewer");
    world.leave(owner);
    for (let n = 0; n < 2; n += 1) {
      world.now += timing.policyKeptMs;
      world.send({ kind: "looked_at" });
    }
    const last = come("ann", "owner");
    expect([driver, late, last].map(policies)).toEqual([[fixed, smallest], [fixed, smallest], []]);
  });

  it("is nobody's once those who may type hide or go, as the bridge is told, and asked for again when they are back", () => {
    const { world, come, owner, bridge, settle } = shared();
    come("vic", "viewer");
    settle();
    const sizes = () => world.toBridge(bridge).flatMap(({ type }) => (/size/.test(type) ? [type] : []));
    world.say(owner, { type: "resize", cols: 80, rows: 24, visible: false });
    world.say(owner, { type: "resize", cols: 80, rows: 24, visible: true });
    world.hibernate();
    world.leave(owner);
    expect(sizes()).toEqual(["resize", "unsized", "resize", "unsized"]);
  });

  it("is not for guests to choose, and a fixed one has to be named", () => {
    const { world, come, owner, bridge, settle, errors } = shared();
    const driver = come("dan", "driver");
    settle();
    const from = world.toBridge(bridge).length;
    world.say(driver, { type: "policy", kind: "latest" });
    world.say(owner, { type: "policy", kind: "fixed", cols: 100 });
    expect([errors(driver), errors(owner), widths(world, bridge, from)]).toEqual([["not_owner"], ["bad_frame"], []]);
  });
});

describe("participants", () => {
  it("are told to clients of version 2 when somebody comes, hides and goes; who is alone hears nothing", () => {
    const { world, come, owner, settle, told } = shared();
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
    world.say(watcher, { type: "resize", cols: 80, rows: 24, visible: false });
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
