import { describe, expect, it, vi } from "vitest";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { budgetOf } from "../../durable-objects/terminal/budget.ts";
import { Play } from "./play-2.ts";

/** A tenth of everything: as many guests as may come, what they may have together, and the part of one. */
vi.mock("../../durable-objects/protocol/timing.ts", async (original) => {
  const real = await original<typeof import("../../durable-objects/protocol/timing.ts")>();
  const { maxGuestSocketsPerTerminal, maxOpenBytesOfAll, openShare } = real.limits;
  const tenth = {
    maxGuestSocketsPerTerminal: maxGuestSocketsPerTerminal / 10,
    maxOpenBytesOfAll: maxOpenBytesOfAll / 10,
    openShare: openShare / 10,
  };
  return { ...real, limits: { ...real.limits, ...tenth } };
});

const guest = { access: "viewer" as const };
const hello = { type: "hello", cid: "client-of-test", cols: 80, rows: 24, visible: false };

/** A terminal whose owner reads everything, and as many guests as may come, who say hello and read nothing. */
function crowded(count: number) {
  const play = new Play();
  const { world, bridge } = play;
  const [owner, late] = play.clients;
  if (owner === undefined || late === undefined) throw new Error("no clients");
  owner.connect();
  owner.flush();
  bridge.dial();
  const guests = Array.from({ length: count }, (_, n) => {
    const id = world.join("terminal", 2, `usr_${n}`, guest);
    world.say(id, hello);
    return id;
  });
  play.settle();
  const flood = (bytes: number) => {
    for (let sent = 0; sent < bytes; sent += 16_384) {
      bridge.emit("x".repeat(16_384));
      play.settle();
    }
  };
  const sentTo = (id: string) =>
    world.seen(id).frames.reduce((sum, { type, ...rest }) => sum + ("data" in rest ? String(rest.data).length : 0), 0);
  return { play, world, bridge, owner, late, guests, flood, sentTo };
}

describe("a terminal full of guests who never read", () => {
  it("holds no more for all of them than its object has room for, and whoever reads sees all of it", () => {
    const { play, bridge, owner, late, guests, flood, sentTo } = crowded(limits.maxGuestSocketsPerTerminal);
    flood(8 * limits.maxOutputFrameBytes);
    const sent = guests.map(sentTo).reduce((sum, each) => sum + each, 0);
    expect(sent).toBeLessThan(limits.maxOpenBytesOfAll);
    expect(sent).toBeGreaterThan(0.5 * limits.maxOpenBytesOfAll);
    expect(owner.position?.seq).toBe(bridge.seq);
    late.connect();
    flood(2 * limits.maxOutputFrameBytes);
    play.settle();
    expect([late.position, late.snapshots > 0]).toEqual([owner.position, true]);
  });
});

describe("what is under way to a socket that was closed", () => {
  it("counts until its peer has answered, also for the socket that took over", () => {
    const { world, bridge, owner, flood } = crowded(1);
    flood(2 * limits.maxOutputFrameBytes);
    const [older] = world.room.viewers.values().filter(({ userId }) => userId === "usr_0");
    const held = limits.maxOpenBytesOfAll - budgetOf(world.room).open;
    expect(held).toBeGreaterThan(limits.maxOutputFrameBytes);
    const newer = world.join("terminal", 2, "usr_0", guest);
    world.say(newer, hello);
    expect(budgetOf(world.room).open).toBe(limits.maxOpenBytesOfAll - held);
    world.goAfterClose(older?.id ?? "");
    expect(budgetOf(world.room).open).toBeGreaterThan(limits.maxOpenBytesOfAll - limits.maxOutputFrameBytes);
    expect(owner.position?.seq).toBe(bridge.seq);
  });
});

describe("a guest whose sockets do not go when they are closed", () => {
  /** Each hello of the same client takes over from the socket before. */
  function dialOften(access: "owner" | "viewer") {
    const { world } = new Play();
    const dial = () => {
      const id = world.join("terminal", 2, "usr_1", { access });
      if (world.seen(id).closed !== null) return { id, closed: world.seen(id).closed };
      world.say(id, hello);
      return { id, closed: null };
    };
    const dials = Array.from({ length: limits.maxSocketsPerUser + 2 }, dial);
    return { world, dial, dials };
  }

  it("is sent away until one of them is gone", () => {
    const { world, dial, dials } = dialOften("viewer");
    const [first] = dials;
    expect(dials.map(({ closed }) => closed)).toEqual([...dials.slice(1).map(() => null), "tryLater"]);
    world.goAfterClose(first?.id ?? "");
    expect(dial().closed).toBeNull();
  });

  it("is nobody where the terminal is theirs", () => {
    expect(dialOften("owner").dials.map(({ closed }) => closed)).not.toContain("tryLater");
  });
});
