import { describe, expect, it } from "vitest";
import { World } from "./world.ts";

const hello = { type: "hello", cid: "client-of-test", cols: 80, rows: 24, visible: true };

/** A client of version 2 that is served by a bridge of version 1. */
function watched() {
  const world = new World();
  const viewer = world.join("terminal", 2);
  world.say(viewer, hello);
  const bridge = world.dial();
  world.hello(bridge, { epoch: "e", seq: 100 });
  world.snapshot(bridge, 100, "screen");
  const types = () => new Set(world.toBridge(bridge).map((message) => message.type));
  return { world, viewer, bridge, types };
}

describe("a bridge of version 1 and a client of version 2", () => {
  it("meet in a snapshot, with a ledger that nobody can have known", () => {
    const { world, viewer, bridge } = watched();
    expect(world.types(viewer)).toEqual(["info", "status", "status", "hello", "iack", "snapshot"]);
    world.output(bridge, 100, "more");
    expect(world.seen(viewer).frames.at(-1)).toEqual({ type: "output", data: "more", seq: 100 });
    const second = world.dial();
    world.hello(second, { epoch: "e", seq: 104 });
    world.snapshot(second, 104, "screen");
    const ledgers = world.seen(viewer).frames.flatMap((frame) => (frame.type === "hello" ? [frame.ledger] : []));
    expect(new Set(ledgers).size).toBe(2);
  });

  it("exchange input in order, each once, which is acknowledged when it is handed on", () => {
    const { world, viewer, bridge } = watched();
    const say = (i: number) => world.say(viewer, { type: "input", data: `${i}`, i });
    for (const i of [4, 5, 5, 9]) say(i);
    world.say(viewer, { type: "paste", data: "p", i: 6, id: "p", last: true });
    expect(world.toBridge(bridge).filter((message) => message.type === "input")).toEqual([
      { type: "input", data: "4" },
      { type: "input", data: "5" },
      { type: "input", data: "p" },
    ]);
    const counts = world.seen(viewer).frames.flatMap((frame) => (frame.type === "iack" ? [frame.i] : []));
    expect(counts).toEqual([0, 4, 5, 5, 6]);
    expect(world.seen(viewer).frames).toContainEqual(expect.objectContaining({ code: "bad_sequence", i: 9 }));
  });

  it("never speak of what only version 2 knows", () => {
    const { world, viewer, bridge, types } = watched();
    world.say(viewer, { type: "key", i: 1, name: "up" });
    world.say(viewer, { type: "history", lines: 5 });
    for (let seq = 100; seq < 300_000; seq += 16_000) world.output(bridge, seq, "x".repeat(16_000));
    world.say(viewer, { type: "ack", seq: 60_000 });
    expect(types()).toEqual(new Set(["resize", "snapshot"]));
    const codes = world.seen(viewer).frames.flatMap((frame) => (frame.type === "error" ? [frame.code] : []));
    expect(codes).toEqual(["bad_frame", "bridge_unavailable"]);
  });
});
