/** Control of an environment over two of its terminals, with the real objects: asked, told, kept over evictions, and over. */
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { closes } from "../../durable-objects/protocol/closes.ts";
import { timing } from "../../durable-objects/protocol/timing.ts";
import { parseTerminalId, terminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { ann, dan, held, serving, twoWindows, typed } from "./control-ground.ts";

describe("control", () => {
  it("of who took it at one terminal holds at all others, for who comes to a third too, until it is given back", async () => {
    const { clusterId, bridge, main, come, owner, driver, mainData, ownData } = await twoWindows();
    owner.say({ type: "control", action: "take" });
    await held(driver, ann);
    driver.say({ type: "input", data: "refused", i: 1 });
    await driver.has({ type: "error", code: "not_in_control", i: 1 });
    const third = terminalId(parseTerminalId(main).environmentId, "w1");
    const eve = await come(third, "eve", "driver");
    const thirdData = await serving(clusterId, bridge, third);
    await held(eve, ann);
    eve.say({ type: "input", data: "refused", i: 1 });
    await eve.has({ type: "error", code: "not_in_control", i: 1 });
    eve.say({ type: "control", action: "take" });
    owner.say({ type: "input", data: "mine", i: 1 });
    await mainData.has({ type: "input", data: "mine" });
    owner.say({ type: "control", action: "release" });
    await held(eve, null);
    eve.say({ type: "input", data: "free", i: 2 });
    await thirdData.has({ type: "input", data: "free" });
    expect([typed(mainData), typed(ownData), typed(thirdData)]).toEqual([["mine"], [], ["free"]]);
  });

  it("is the owner's to take back from another window, which ends what the other one types", async () => {
    const { owner, driver, mainData, ownData } = await twoWindows();
    driver.say({ type: "control", action: "take" });
    await held(owner, dan);
    owner.say({ type: "input", data: "refused", i: 1 });
    await owner.has({ type: "error", code: "not_in_control", i: 1 });
    owner.say({ type: "control", action: "take" });
    await held(driver, ann);
    driver.say({ type: "input", data: "late", i: 1 });
    await driver.has({ type: "error", code: "not_in_control", i: 1 });
    owner.say({ type: "input", data: "mine", i: 2 });
    await mainData.has({ type: "input", data: "mine" });
    expect(typed(ownData)).toEqual([]);
  });

  it("ends when its owner types with a client of version 1 at another window, and not a key of theirs is lost", async () => {
    const { come, main, owner, driver, mainData } = await twoWindows();
    const old = await come(main, "ann", "owner", 1);
    driver.say({ type: "control", action: "take" });
    await held(owner, dan);
    for (const data of ["a", "b", "c"]) old.say({ type: "input", data });
    await held(driver, null);
    await vi.waitFor(() => expect(typed(mainData).join("")).toBe("abc"), 10_000);
    expect(old.received.map(({ type }) => type)).not.toContain("error");
  });

  it("outlives the memory of every object", async () => {
    const { clusterId, main, own, owner, driver, mainData } = await twoWindows();
    driver.say({ type: "control", action: "take" });
    await held(owner, dan);
    const objects = [env.TERMINALS.getByName(main), env.TERMINALS.getByName(own), env.CLUSTERS.getByName(clusterId)];
    for (const object of objects) await evictDurableObject(object);
    owner.say({ type: "input", data: "refused", i: 1 });
    await owner.has({ type: "error", code: "not_in_control", i: 1 });
    driver.say({ type: "control", action: "release" });
    await held(owner, null);
    owner.say({ type: "input", data: "free", i: 2 });
    await mainData.has({ type: "input", data: "free" });
  });

  it("is kept for who comes back soon, at whichever window, and is over for who does not", async () => {
    const { clusterId, main, come, owner, driver } = await twoWindows();
    const cluster = env.CLUSTERS.getByName(clusterId);
    driver.say({ type: "control", action: "take" });
    await held(owner, dan);
    driver.socket.close(closes.finished.code);
    const again = await come(main, "dan", "driver");
    await held(again, dan);
    again.say({ type: "input", data: "still mine", i: 1 });
    owner.say({ type: "input", data: "refused", i: 1 });
    await owner.has({ type: "error", code: "not_in_control", i: 1 });
    again.socket.close(closes.finished.code);
    try {
      await vi.waitFor(async () => {
        vi.setSystemTime(Date.now() + timing.controlKeptMs);
        await runDurableObjectAlarm(cluster);
        expect(owner.received).toContainEqual({ type: "control", holder: null });
      }, 15_000);
    } finally {
      vi.useRealTimers();
    }
  });

  it("of a terminal that cannot say that it knows is told to the bridge's next socket", async () => {
    const { bridge, own, owner, driver, ownData } = await twoWindows();
    const before = await bridge.assignment(own);
    // From now on nothing is answered, as by a bridge that hangs.
    ownData.say = () => undefined;
    owner.say({ type: "control", action: "take" });
    await vi.waitFor(async () => expect((await bridge.assignment(own)).assignment).toBeGreaterThan(before.assignment), {
      timeout: 4 * timing.controlToldMs,
      interval: 100,
    });
    await held(driver, ann);
  }, 60_000);
});
