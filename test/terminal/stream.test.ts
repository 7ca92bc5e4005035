import { describe, expect, it } from "vitest";
import { clearScreen } from "../../durable-objects/protocol/client.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { World } from "./world.ts";

const at = (seq: number, epoch = "e1") => ({ epoch, seq });

/** A world with one bridge that has said hello and one viewer that has its snapshot. */
function watched(): { world: World; viewer: string; bridge: string } {
  const world = new World();
  const viewer = world.join();
  const bridge = world.dial();
  world.hello(bridge, at(0));
  world.snapshot(bridge, 0, "screen");
  return { world, viewer, bridge };
}

describe("the stream to version 1 viewers", () => {
  it("greets with a harmless output, then the welcome, then one repaint", () => {
    const { world, viewer } = watched();
    expect(world.types(viewer)).toEqual(["output", "info", "output"]);
    expect(world.seen(viewer).frames[0]).toEqual({ type: "output", data: "\u001b[0m" });
    expect(world.seen(viewer).frames[2]).toEqual({ type: "output", data: `${clearScreen}screen` });
  });

  it("wants a bridge for the first viewer and lets it go with the last", () => {
    const { world, viewer, bridge } = watched();
    const second = world.join();
    world.leave(viewer);
    expect(world.wants).toEqual(["want"]);
    world.leave(second);
    expect(world.wants).toEqual(["want", "unwant"]);
    expect(world.bridges.get(bridge)?.closed).toBe("unwanted");
    expect(world.released).toEqual([viewer, second]);
  });

  it("sends output only to those that have their snapshot, and the snapshot only to those that wait", () => {
    const { world, viewer, bridge } = watched();
    const late = world.join();
    world.output(bridge, 0, "abc");
    expect(world.screen(late)).toBeNull();
    world.snapshot(bridge, 3, "late");
    world.output(bridge, 3, "def");
    expect(world.screen(viewer)).toBe("screenabcdef");
    expect(world.screen(late)).toBe("latedef");
  });

  it("answers two that join together with one snapshot", () => {
    const world = new World();
    world.join();
    world.join();
    const bridge = world.dial();
    world.hello(bridge, at(0));
    expect(world.toBridge(bridge).filter((message) => message.type === "snapshot")).toHaveLength(1);
  });

  it("skips what a snapshot already shows and never repeats an overlap", () => {
    const { world, viewer, bridge } = watched();
    const late = world.join();
    world.snapshot(bridge, 4, "abcd");
    world.output(bridge, 0, "abcdef");
    world.output(bridge, 4, "efgh");
    expect(world.screen(late)).toBe("abcdefgh");
    expect(world.screen(viewer)).toBe("screenabcdefgh");
  });

  it("makes everybody wait where bytes are missing", () => {
    const { world, viewer, bridge } = watched();
    world.output(bridge, 0, "ab");
    world.output(bridge, 5, "fg");
    expect(world.screen(viewer)).toBe("screenab");
    expect(world.toBridge(bridge).at(-1)).toEqual({ type: "snapshot" });
    world.snapshot(bridge, 7, "whole");
    expect(world.screen(viewer)).toBe("whole");
  });

  it("does not use a snapshot that is older than what was sent, and does not hurry the next", () => {
    const { world, bridge } = watched();
    const late = world.join();
    world.output(bridge, 0, "abc");
    const asks = world.toBridge(bridge).length;
    world.snapshot(bridge, 1, "old");
    expect(world.screen(late)).toBeNull();
    expect(world.toBridge(bridge).slice(asks)).toEqual([{ type: "snapshot", after_ms: 250 }]);
  });

  it("has a bridge closed whose snapshots stay older than what it sent, and believes what it says when it dials again", () => {
    const { world, viewer, bridge } = watched();
    world.output(bridge, 2 ** 40, "a lie");
    world.snapshot(bridge, 1, "old");
    expect(world.bridges.get(bridge)?.closed).toBeNull();
    world.snapshot(bridge, 1, "old");
    expect(world.bridges.get(bridge)?.closed).toBe("badFrame");
    const again = world.dial();
    world.hello(again, at(1));
    world.snapshot(again, 1, "true");
    expect([world.seen(viewer).closed, world.screen(viewer)]).toEqual([null, "true"]);
  });

  it("goes on without a repaint when the bridge dials again at the same place", () => {
    const { world, viewer, bridge } = watched();
    world.output(bridge, 0, "abc");
    world.send({ kind: "bridge_left", id: bridge });
    const again = world.dial();
    world.hello(again, at(3));
    world.output(again, 3, "def");
    expect(world.screen(viewer)).toBe("screenabcdef");
  });

  it.each([
    ["another epoch", at(3, "e2"), false],
    ["another offset", at(4), false],
    ["the same place, but after hibernation", at(3), true],
  ])("repaints when the bridge dials again at %s", (_name, place, isForgotten) => {
    const { world, viewer, bridge } = watched();
    world.output(bridge, 0, "abc");
    world.keepsakes.delete(bridge);
    world.send({ kind: "bridge_left", id: bridge });
    if (isForgotten) world.hibernate();
    const again = world.dial();
    world.hello(again, place);
    world.output(again, place.seq, "x");
    expect(world.screen(viewer)).toBe("screenabc");
    world.snapshot(again, place.seq + 1, "new");
    expect(world.screen(viewer)).toBe("new");
  });

  it("goes on byte-exact after memory vanished", () => {
    const { world, viewer, bridge } = watched();
    world.output(bridge, 0, "abc");
    world.hibernate();
    world.output(bridge, 3, "def");
    expect(world.screen(viewer)).toBe("screenabcdef");
  });

  it("keeps a byte order mark and a character of four bytes", () => {
    const { world, viewer, bridge } = watched();
    world.output(bridge, 0, "\ufeff😀");
    expect(world.screen(viewer)).toBe("screen\ufeff😀");
  });

  it("stops at 1 MiB without a ping, and repaints after one", () => {
    const { world, viewer, bridge } = watched();
    world.ping(viewer);
    let seq = 0;
    const flood = () => {
      for (let i = 0; i < 100; i += 1, seq += 16_000) world.output(bridge, seq, "x".repeat(16_000));
    };
    world.now += 10;
    flood();
    const sent = JSON.stringify(world.seen(viewer).frames).length;
    expect(sent).toBeLessThan(limits.maxUnacknowledgedBytes + 10_000);
    world.snapshot(bridge, seq, "still behind");
    expect(world.screen(viewer)).not.toBe("still behind");
    expect(world.toBridge(bridge).at(-1)).toEqual({ type: "snapshot", after_ms: 1000 });
    world.ping(viewer);
    world.snapshot(bridge, seq, "level");
    expect(world.screen(viewer)).toBe("level");
  });

  it("shows a screen that is larger than the window", () => {
    const world = new World();
    const viewer = world.join();
    const bridge = world.dial();
    world.hello(bridge, at(0));
    world.snapshot(bridge, 0, "\u001b".repeat(300_000));
    expect(world.screen(viewer)).toHaveLength(300_000);
  });

  it("tells one that never pings why the output stops", () => {
    const { world, viewer, bridge } = watched();
    for (let seq = 0; seq < 1_600_000; seq += 16_000) world.output(bridge, seq, "x".repeat(16_000));
    expect(world.types(viewer).filter((type) => type === "info")).toHaveLength(2);
  });
});
