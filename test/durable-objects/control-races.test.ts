/** Control of an environment with the real objects, where everything happens at the worst moment. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ClusterObject } from "../../durable-objects/cluster-object.ts";
import { timing } from "../../durable-objects/protocol/timing.ts";
import { parseTerminalId } from "../../durable-objects/protocol/vocabulary.ts";
import type { TerminalObject } from "../../durable-objects/terminal-object.ts";
import { ann, dan, held, twoWindows, typed } from "./control-ground.ts";
import type { DataPeer, ViewerPeer } from "./peers.ts";

/** Who has control, as this client was told last. */
const holderFor = ({ received }: ViewerPeer) =>
  (received as { type: string; holder?: unknown }[]).findLast(({ type }) => type === "control")?.holder;

/** What is to be confirmed by the bridge. */
const barrierOf = ({ received }: DataPeer) =>
  vi.waitUntil(
    () => {
      const barrier = received.find((each) => each.type === "input" && each.from?.startsWith("control:") === true);
      return barrier?.type === "input" ? { from: barrier.from, i: barrier.i } : undefined;
    },
    { timeout: 15_000 },
  );

/** Its alarm goes off after so long. */
async function later(clusterId: string, ms: number): Promise<void> {
  vi.setSystemTime(Date.now() + ms);
  await runDurableObjectAlarm(env.CLUSTERS.getByName(clusterId));
}

/** Its memory ends with whatever it was in the middle of, and its sockets are cut, as when its machine dies. */
async function forgetEverything(object: DurableObjectStub<ClusterObject> | DurableObjectStub<TerminalObject>) {
  await runInDurableObject(object, (_, state) => state.abort("the machine died")).catch(() => undefined);
}

/** What a cluster has written down of control. */
const recordsOf = (clusterId: string) =>
  runInDurableObject(env.CLUSTERS.getByName(clusterId), (_, { storage }) =>
    storage.sql.exec<{ ends_at: number | null }>("select ends_at from control").toArray(),
  );

afterEach(() => {
  vi.useRealTimers();
});

describe("control", () => {
  it("that two take at once from two windows is one's, and both know whose", async () => {
    const { main, come, owner, driver, mainData, ownData } = await twoWindows();
    const eve = await come(main, "eve", "driver");
    await eve.has({ type: "snapshot" });
    const both = [eve, driver];
    for (const viewer of both) viewer.say({ type: "control", action: "take" });
    await vi.waitFor(() => expect(both.map(holderFor).every(Boolean)).toBe(true), 15_000);
    expect(holderFor(eve)).toEqual(holderFor(driver));
    const [loser, winner] = (holderFor(eve) as { id: string }).id === "dan" ? [eve, driver] : [driver, eve];
    await loser.has({ type: "error", code: "not_in_control" });
    for (const viewer of both) viewer.say({ type: "input", data: viewer.ticket.userId, i: 1 });
    await loser.has({ type: "error", code: "not_in_control", i: 1 });
    await vi.waitFor(() => expect([...typed(mainData), ...typed(ownData)]).toEqual([winner.ticket.userId]), 15_000);
    expect(holderFor(owner)).toEqual(holderFor(winner));
  });

  it("goes on where the cluster's memory ends between the two rounds, and nobody is left unable to type", async () => {
    const { clusterId, owner, driver, mainData, ownData } = await twoWindows();
    driver.say({ type: "control", action: "take" });
    await held(owner, dan);
    const { say, received } = ownData;
    ownData.say = () => undefined;
    received.length = 0;
    owner.say({ type: "control", action: "take" });
    const barrier = await barrierOf(ownData);
    await forgetEverything(env.CLUSTERS.getByName(clusterId));
    ownData.say = say;
    ownData.say({ type: "receipts", receipts: [barrier] });
    await owner.has({ type: "error", code: "bridge_unavailable" });
    await later(clusterId, timing.controlKeptMs);
    await held(driver, ann);
    owner.say({ type: "input", data: "mine", i: 1 });
    await mainData.has({ type: "input", data: "mine" });
    driver.say({ type: "input", data: "refused", i: 1 });
    await driver.has({ type: "error", code: "not_in_control", i: 1 });
    expect(typed(ownData)).toEqual([]);
  }, 60_000);

  it("ends for a guest who is shown out of two windows at once", async () => {
    const { main, own, come, owner, driver, mainData } = await twoWindows();
    const second = await come(main, "dan", "driver");
    driver.say({ type: "control", action: "take" });
    await held(owner, dan);
    await Promise.all([
      env.TERMINALS.getByName(main).end([second.ticket.socketId], "accessEnded"),
      env.TERMINALS.getByName(own).end([driver.ticket.socketId], "accessEnded"),
    ]);
    await held(owner, null);
    owner.say({ type: "input", data: "free", i: 1 });
    await mainData.has({ type: "input", data: "free" });
  });

  it("stays with who is still at one window when they are shown out of another", async () => {
    const { clusterId, main, come, owner, driver } = await twoWindows();
    const second = await come(main, "dan", "driver");
    await second.has({ type: "snapshot" });
    driver.say({ type: "control", action: "take" });
    await held(owner, dan);
    await env.TERMINALS.getByName(main).end([second.ticket.socketId], "sessionEnded");
    await later(clusterId, timing.controlKeptMs);
    owner.say({ type: "input", data: "refused", i: 1 });
    await owner.has({ type: "error", code: "not_in_control", i: 1 });
  });

  it("of an environment that is deleted leaves nothing behind, also where it was just being taken", async () => {
    const { clusterId, main, owner, driver, ownData } = await twoWindows();
    ownData.say = () => undefined;
    driver.say({ type: "control", action: "take" });
    await barrierOf(ownData);
    await env.CLUSTERS.getByName(clusterId).endEnvironment(parseTerminalId(main).environmentId);
    await Promise.all([owner.isClosed(), driver.isClosed()]);
    expect(await recordsOf(clusterId)).toEqual([]);
  });

  it("is given to whoever waits for it once its holder is found nowhere, though nobody saw them leave", async () => {
    const { clusterId, main, own, owner, driver, come } = await twoWindows();
    driver.say({ type: "control", action: "take" });
    await held(owner, dan);
    await later(clusterId, timing.controlKeptMs);
    expect(await recordsOf(clusterId)).toEqual([{ ends_at: null }]);
    // As when the machine dies: the terminal is there again, empty.
    await forgetEverything(env.TERMINALS.getByName(own));
    await driver.isClosed();
    const eve = await come(main, "eve", "driver");
    await held(eve, dan);
    eve.say({ type: "control", action: "take" });
    await eve.has({ type: "error", code: "not_in_control" });
    await later(clusterId, timing.controlKeptMs);
    await held(eve, null);
  });

  it("is nobody's who only watches, and a client cannot say who it is", async () => {
    const { main, come, owner, driver } = await twoWindows();
    const watcher = await come(main, "vic", "viewer");
    watcher.say({ type: "control", action: "take" });
    await watcher.has({ type: "error", code: "read_only" });
    driver.say({ type: "control", action: "reclaim", user: ann, isOwner: true });
    await driver.has({ type: "error", code: "bad_frame" });
    driver.say({ type: "control", action: "take", user: ann, holder: ann, stage: "settled", isOwner: true });
    await held(owner, dan);
  });

  it("leaves the cluster's other appointments as they are", async () => {
    const { clusterId, bridge, owner, driver } = await twoWindows();
    const cluster = env.CLUSTERS.getByName(clusterId);
    const alarm = () => runInDurableObject(cluster, (_, { storage }) => storage.getAlarm());
    // A bridge whose link is cut has a few seconds to come back.
    bridge.socket.close();
    const before = await vi.waitUntil(alarm, 15_000);
    await evictDurableObject(cluster);
    driver.say({ type: "control", action: "take" });
    await held(owner, dan);
    expect(await alarm()).toBeLessThanOrEqual(before ?? 0);
  });

  it("is told once more to a terminal whose memory ends just then, which need not be served anew", async () => {
    const { bridge, own, owner, ownData, mainData } = await twoWindows();
    const before = await bridge.assignment(own);
    ownData.say = () => undefined;
    owner.say({ type: "control", action: "take" });
    await barrierOf(ownData);
    await forgetEverything(env.TERMINALS.getByName(own));
    await held(owner, ann);
    owner.say({ type: "input", data: "mine", i: 1 });
    await mainData.has({ type: "input", data: "mine" });
    expect(await bridge.assignment(own)).toEqual(before);
  });

  it("waits once for a terminal that hangs, not with every round", async () => {
    const { own, bridge, owner, driver, ownData, mainData } = await twoWindows();
    driver.say({ type: "control", action: "take" });
    await held(owner, dan);
    const before = await bridge.assignment(own);
    ownData.say = () => undefined;
    owner.say({ type: "control", action: "take" });
    await vi.waitFor(() => expect(holderFor(owner)).toEqual(ann), { timeout: 5 * timing.controlToldMs });
    expect((await bridge.assignment(own)).assignment).toBe(before.assignment + 1);
    owner.say({ type: "input", data: "mine", i: 1 });
    await mainData.has({ type: "input", data: "mine" });
  }, 60_000);
});
