/** What was typed before control changed is with the shell before anybody is told: a terminal and what a bridge types. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { InputLedger } from "../../bridge/relay/ledger.ts";
import { Typing } from "../../bridge/relay/typing.ts";
import { timing } from "../../durable-objects/protocol/timing.ts";
import { shared } from "./shared.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A terminal whose bridge types what it is given, into this text. */
function typed() {
  const scene = shared();
  const { world, bridge } = scene;
  world.isConfirming = false;
  const seen = { text: "" };
  const typing = new Typing("env_played/main", new InputLedger("l"), {
    write(text) {
      seen.text += text;
    },
    onInterrupt: () => undefined,
    onHandedOver: () => undefined,
    onApplied: (from, i) => world.fromBridge(bridge, { type: "receipts", receipts: [{ from, i }] }),
    onGap: (from, i, after) => world.fromBridge(bridge, { type: "gap", from, i, after }),
    modes: () => ({ isBracketedPaste: false, isApplicationCursor: false }),
  });
  let taken = 0;
  const type = () => {
    for (const message of world.toBridge(bridge).slice(taken)) {
      if (message.type === "input" || message.type === "paste" || message.type === "key") typing.take(message);
      if (message.type === "left") typing.leave(message.from);
    }
    taken = world.toBridge(bridge).length;
  };
  return { ...scene, seen, type };
}

it("waits each time for what stands behind the paste of somebody who was cut", async () => {
  const { world, come, owner, settle, say, seen, type } = typed();
  for (let round = 1; round <= 3; round += 1) {
    const [dan, eve] = [come("dan", "driver"), come("eve", "driver")];
    settle();
    await say(dan, { type: "paste", i: 1, id: "p", data: "p", last: false });
    world.leave(dan);
    await say(eve, { type: "input", data: "e", i: 1 });
    type();
    await say(owner, { type: "control", action: "take" });
    type();
    expect([seen.text, world.room.barrier]).toEqual([`${"pe".repeat(round - 1)}p`, round]);
    vi.advanceTimersByTime(timing.pasteSilentMs);
    expect([seen.text, world.room.barrier]).toEqual(["pe".repeat(round), null]);
    await say(owner, { type: "control", action: "release" });
    world.leave(eve);
  }
});

it("waits for the newest barrier, whichever the bridge confirms", async () => {
  const { world, come, owner, bridge, settle, say } = typed();
  const dan = come("dan", "driver");
  settle();
  await say(dan, { type: "control", action: "take" });
  await say(owner, { type: "control", action: "take" });
  const barriers = world
    .toBridge(bridge)
    .flatMap((each) => (each.type === "input" && each.data === "" ? [{ from: each.from, i: each.i }] : []));
  const left = barriers.map((receipt) => {
    world.fromBridge(bridge, { type: "receipts", receipts: [receipt] });
    return world.room.barrier;
  });
  expect(left).toEqual([2, null]);
});

it("waits for the bridge's next socket where it was cut, for what waited in it is typed without one", async () => {
  const { world, come, owner, settle, say, bridge } = typed();
  const dan = come("dan", "driver");
  settle();
  const cut = (id: string) => world.send({ kind: "bridge_left", id });
  cut(bridge);
  await say(owner, { type: "control", action: "take" });
  expect(world.room.barrier).toBe("due");
  const second = world.dial(2, 2);
  world.hello(second, { epoch: "e1", seq: 0 });
  expect(world.room.barrier).toBe(1);
  cut(second);
  expect(world.room.barrier).toBe("due");
  for (const id of [owner, dan]) world.leave(id);
  expect(world.room.barrier).toBeNull();
});

it("does not wait for a bridge that has been away for longer than a paste", async () => {
  const { world, come, owner, settle, say, bridge } = typed();
  come("dan", "driver");
  settle();
  world.send({ kind: "bridge_left", id: bridge });
  world.now += timing.pasteSilentMs;
  await say(owner, { type: "control", action: "take" });
  expect(world.room.barrier).toBeNull();
});
