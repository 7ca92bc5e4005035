/** How many sockets are at a terminal: known to all within a quarter, for few messages, and without a timer. */
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

/** The largest factor between what somebody there knows and what is. */
function worst({ here, told }: ReturnType<typeof crowd>): number {
  const ids = here();
  return Math.max(...ids.map((id) => Math.max(told(id) / ids.length, ids.length / told(id))));
}

describe("a crowd", () => {
  it("is known to whoever is in it as it grows and shrinks, however many sockets are one person's", () => {
    const room = crowd();
    const ids = Array.from({ length: 500 }, (_, n) => {
      const id = room.come(n % 2 === 0 ? "one" : `guest-${n}`);
      if (n >= limits.minCrowdSockets) expect(worst(room)).toBeLessThan(1.6);
      return id;
    });
    expect(room.told(ids.at(-1) ?? "")).toBe(500);
    for (const id of ids.slice(0, 480)) {
      room.world.leave(id);
      expect(worst(room)).toBeLessThan(1.6);
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
    const [first = ""] = Array.from({ length: 100 }, (_, n) => room.come(`guest-${n}`));
    room.world.hibernate();
    room.come("late");
    expect(room.told(first)).toBe(101);
    room.come("later");
    expect(room.told(first)).toBe(101);
  });

  it("is none while few are there", () => {
    const room = crowd();
    for (let n = 1; n < limits.minCrowdSockets; n += 1) room.come(`guest-${n}`);
    expect(room.count()).toBe(0);
  });
});
