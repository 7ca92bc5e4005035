/** How many sockets are at a terminal: a bound that all know, for few messages, and without a timer. */
import { describe, expect, it } from "vitest";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { World } from "./world.ts";

function crowd() {
  const world = new World();
  let clients = 0;
  const come = (user: string) => {
    const id = world.join("terminal", 2, user, { access: "viewer" });
    clients += 1;
    world.say(id, { type: "hello", cid: `client-${clients}`, cols: 80, rows: 24, visible: true });
    return id;
  };
  const told = (id: string): number => {
    const frame = world.seen(id).frames.findLast(({ type }) => type === "crowd");
    return frame?.type === "crowd" ? frame.sockets : 1;
  };
  const here = () => [...world.room.viewers.keys()];
  const count = () => here().reduce((sum, id) => sum + world.types(id).filter((type) => type === "crowd").length, 0);
  return { world, come, told, here, count };
}

/** The smallest and the largest of what they know, by what is. */
function range({ here, told }: ReturnType<typeof crowd>): [number, number] {
  const ids = here();
  const factors = ids.map((id) => told(id) / ids.length);
  return [Math.min(...factors), Math.max(...factors)];
}

function expectRight(room: ReturnType<typeof crowd>): void {
  const [least, most] = range(room);
  expect(least).toBeGreaterThanOrEqual(1);
  expect(most).toBeLessThan(1.61);
}

describe("a crowd", () => {
  it("is known to whoever is in it as it grows and shrinks, however many sockets are one person's", () => {
    const room = crowd();
    const ids = Array.from({ length: 500 }, (_, n) => {
      const id = room.come(n % 2 === 0 ? "one" : `guest-${n}`);
      if (n >= limits.minCrowdSockets) expectRight(room);
      return id;
    });
    for (const id of ids.slice(0, 480)) {
      room.world.leave(id);
      expectRight(room);
    }
  });

  it("costs some five messages for each who comes", () => {
    const room = crowd();
    for (let n = 0; n < 500; n += 1) room.come(`guest-${n}`);
    expect(room.count()).toBeLessThan(6 * 500);
    const before = room.count();
    for (let n = 0; n < 50; n += 1) room.world.leave(room.come("coming-and-going"));
    expect(room.count() - before).toBe(0);
  });

  it("is told anew by an object that has slept, once", () => {
    const room = crowd();
    for (let n = 0; n < 100; n += 1) room.come(`guest-${n}`);
    room.world.hibernate();
    room.come("late");
    const before = room.count();
    expectRight(room);
    room.come("later");
    expect(room.count()).toBe(before + 1);
  });

  it("is none while few are there", () => {
    const room = crowd();
    for (let n = 1; n < limits.minCrowdSockets; n += 1) room.come(`guest-${n}`);
    expect(room.count()).toBe(0);
  });
});
