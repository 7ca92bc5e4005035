import { describe, expect, it } from "vitest";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { World } from "./world.ts";

const line = (at: number, message: string) => ({
  type: "log",
  timestamp: `2026-11-23T10:00:00.00${at}Z`,
  level: "info",
  message,
  source: "startup",
});
const lines = (world: World, id: string) =>
  world.seen(id).frames.flatMap((frame) => (frame.type === "log" ? [frame.message] : []));

function linked(): { world: World; viewer: string; bridge: string } {
  const world = new World();
  const viewer = world.join("logs");
  const bridge = world.dial();
  world.hello(bridge, { epoch: "log", seq: 0 });
  return { world, viewer, bridge };
}
const replay = (begins: boolean, ends: boolean) => ({ begins, ends });

describe("a log's viewers", () => {
  it("get no terminal output first, then the log so far, then what is new, each message a frame", () => {
    const { world, viewer, bridge } = linked();
    expect(world.types(viewer)).toEqual(["info"]);
    expect(world.toBridge(bridge)).toEqual([{ type: "snapshot" }]);
    world.fromBridge(bridge, { type: "logs", messages: [line(1, "a")], replay: replay(true, false) });
    world.fromBridge(bridge, { type: "logs", messages: [line(2, "b")], replay: replay(false, true) });
    world.fromBridge(bridge, { type: "logs", messages: [line(3, "c"), line(3, "d")] });
    expect(lines(world, viewer)).toEqual(["a", "b", "c", "d"]);
  });

  it("that join during a replay wait for one of their own, and nobody sees anything twice", () => {
    const { world, viewer, bridge } = linked();
    world.fromBridge(bridge, { type: "logs", messages: [line(1, "a")], replay: replay(true, false) });
    const late = world.join("logs");
    world.fromBridge(bridge, { type: "logs", messages: [line(2, "b")], replay: replay(false, true) });
    expect(lines(world, late)).toEqual([]);
    world.fromBridge(bridge, { type: "logs", messages: [line(1, "a"), line(2, "b")], replay: replay(true, true) });
    expect(lines(world, late)).toEqual(["a", "b"]);
    expect(lines(world, viewer)).toEqual(["a", "b"]);
  });

  it("see every line once when the bridge is replaced, also after memory vanished", () => {
    const { world, viewer, bridge } = linked();
    world.fromBridge(bridge, { type: "logs", messages: [line(1, "a")], replay: replay(true, true) });
    world.fromBridge(bridge, { type: "logs", messages: [line(2, "b")] });
    world.hibernate();
    const next = world.dial(2);
    world.hello(next, { epoch: "log2", seq: 0 });
    const soFar = [line(1, "a"), line(2, "b"), line(2, "b2"), line(3, "c")];
    world.fromBridge(next, { type: "logs", messages: soFar.slice(0, 2), replay: replay(true, false) });
    world.fromBridge(next, { type: "logs", messages: soFar.slice(2), replay: replay(false, true) });
    expect(lines(world, viewer)).toEqual(["a", "b", "b2", "c"]);
  });

  it("that are behind are told how many lines they missed", () => {
    const { world, viewer, bridge } = linked();
    world.fromBridge(bridge, { type: "logs", messages: [], replay: replay(true, true) });
    const long = line(1, "x".repeat(60_000));
    const batches = Math.ceil(limits.maxUnacknowledgedBytes / 60_000) + 2;
    for (let i = 0; i < batches; i += 1) world.fromBridge(bridge, { type: "logs", messages: [long] });
    const missed = batches - lines(world, viewer).length;
    expect(missed).toBeGreaterThan(0);
    world.now += 10;
    world.ping(viewer);
    world.fromBridge(bridge, { type: "logs", messages: [line(2, "end")] });
    expect(world.seen(viewer).frames.slice(-2)).toMatchObject([
      { type: "info", message: `${missed} lines left out` },
      { message: "end" },
    ]);
  });

  it("cannot type", () => {
    const { world, viewer, bridge } = linked();
    world.say(viewer, { type: "input", data: "x" });
    world.say(viewer, { type: "resize", cols: 10, rows: 10 });
    expect(world.seen(viewer).frames.at(-1)).toMatchObject({ type: "error", code: "read_only" });
    expect(world.toBridge(bridge)).toEqual([{ type: "snapshot" }]);
  });
});
