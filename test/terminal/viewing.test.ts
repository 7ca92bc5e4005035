import { describe, expect, it } from "vitest";
import { limits, timing } from "../../durable-objects/protocol/timing.ts";
import { World } from "./world.ts";

function watched(): { world: World; viewer: string; bridge: string } {
  const world = new World();
  const viewer = world.join();
  const bridge = world.dial();
  world.hello(bridge, { epoch: "e", seq: 0 });
  world.snapshot(bridge, 0, "");
  return { world, viewer, bridge };
}
const inputs = (world: World, bridge: string) =>
  world.toBridge(bridge).flatMap((message) => (message.type === "input" ? [message.data] : []));
const errors = (world: World, viewer: string) =>
  world.seen(viewer).frames.flatMap((frame) => (frame.type === "error" ? [frame.code] : []));

describe("input", () => {
  it("reaches the bridge in order, with lone surrogates replaced", () => {
    const { world, viewer, bridge } = watched();
    for (const data of ["a\r", "\ud800b", "😀"]) world.say(viewer, { type: "input", data });
    expect(inputs(world, bridge)).toEqual(["a\r", "\ufffdb", "😀"]);
  });

  it.each([
    "no json",
    "null",
    "[]",
    '{"type":"what"}',
    '{"type":"input"}',
    '{"type":"resize","cols":0,"rows":24}',
    '{"type":"resize","cols":80.5,"rows":24}',
    '{"type":"resize","cols":1001,"rows":24}',
  ])("answers %s with an error and lives", (frame) => {
    const { world, viewer, bridge } = watched();
    world.say(viewer, frame);
    expect(world.seen(viewer).frames.at(-1)).toEqual({
      type: "error",
      message: "Failed to process message",
      code: "bad_frame",
    });
    world.say(viewer, { type: "input", data: "x" });
    expect(inputs(world, bridge)).toEqual(["x"]);
    expect(world.toBridge(bridge).some((message) => message.type === "resize")).toBe(false);
  });

  it("refuses a binary frame as bad", () => {
    const { world, viewer } = watched();
    world.send({ kind: "viewer_frame", id: viewer, data: new ArrayBuffer(3) });
    expect(errors(world, viewer)).toEqual(["bad_frame"]);
  });

  it("closes at a frame over the cap, counted in UTF-8", () => {
    const { world, viewer } = watched();
    world.say(viewer, { type: "input", data: "é".repeat(limits.maxClientFrameBytes / 2) });
    expect(world.seen(viewer).closed).toBe("frameTooLarge");
  });

  it("takes a burst of 200, then says rate_limited, and goes on a second later", () => {
    const { world, viewer, bridge } = watched();
    for (let i = 0; i < 250; i += 1) world.say(viewer, { type: "input", data: "x" });
    expect(inputs(world, bridge)).toHaveLength(limits.clientFrameBurst);
    expect(errors(world, viewer)).toEqual(new Array(50).fill("rate_limited"));
    world.now += 1_000;
    for (let i = 0; i < 60; i += 1) world.say(viewer, { type: "input", data: "x" });
    expect(inputs(world, bridge)).toHaveLength(limits.clientFrameBurst + limits.clientFramesPerSecond);
  });

  it("limits bytes as well as frames", () => {
    const { world, viewer, bridge } = watched();
    for (let i = 0; i < 60; i += 1) world.say(viewer, { type: "input", data: "x".repeat(60_000) });
    expect(inputs(world, bridge).join("").length).toBeLessThanOrEqual(limits.clientInputBurstBytes);
    expect(errors(world, viewer)).toContain("rate_limited");
  });

  it("closes a hopeless flood and leaves the neighbour alone", () => {
    const { world, viewer } = watched();
    const neighbour = world.join();
    for (let i = 0; i < 10_000 && world.seen(viewer).closed === null; i += 1) world.say(viewer, "junk");
    expect(world.seen(viewer).closed).toBe("floodingFrames");
    expect(world.seen(neighbour).closed).toBeNull();
  });

  it.each([
    [25, "floodingFrames"],
    [1_000, null],
  ])("refused every %i ms, within the rate, ends with %j: an error is acknowledged by nobody", (everyMs, closed) => {
    const { world, viewer } = watched();
    for (let i = 0; i < 1.5 * limits.maxRefusedFrames; i += 1) {
      world.now += everyMs;
      world.say(viewer, "junk");
    }
    expect(world.seen(viewer).closed).toBe(closed);
    expect(new Set(errors(world, viewer))).toEqual(new Set(["bad_frame"]));
  });

  it("that comes before the bridge is held in order, through hibernation, and handed over with the screen", () => {
    const world = new World();
    const viewer = world.join();
    world.say(viewer, { type: "input", data: "ls" });
    world.hibernate();
    world.send({ kind: "wanted", isLinked: true });
    const bridge = world.dial();
    world.say(viewer, { type: "input", data: " -la" });
    world.hello(bridge, { epoch: "e", seq: 0 });
    world.say(viewer, { type: "input", data: "\n" });
    expect(inputs(world, bridge)).toEqual([]);
    world.snapshot(bridge, 0, "$ ");
    world.say(viewer, { type: "input", data: "x" });
    expect(inputs(world, bridge)).toEqual(["ls -la\n", "x"]);
    expect(errors(world, viewer)).toEqual([]);
  });

  it("that comes while the bridge dials again at the same place goes on at once", () => {
    const { world, viewer, bridge } = watched();
    world.send({ kind: "bridge_left", id: bridge });
    world.say(viewer, { type: "input", data: "x" });
    const again = world.dial();
    world.hello(again, { epoch: "e", seq: 0 });
    expect(inputs(world, again)).toEqual(["x"]);
  });

  it.each([
    [
      "there is no shell",
      "not_running",
      (world: World) => {
        const bridge = world.dial();
        world.hello(bridge, { epoch: "e", seq: 0 });
        world.fromBridge(bridge, { type: "detached", message: "The environment is stopped" });
      },
    ],
    ["no bridge is linked", "bridge_unavailable", (world: World) => world.send({ kind: "wanted", isLinked: false })],
    [
      "nothing came for 30 s",
      "bridge_unavailable",
      (world: World) => {
        world.now += timing.holdInputMs + 1;
        world.send({ kind: "announce", message: { type: "info", message: "tick" }, to: "all" });
      },
    ],
  ])("that was held is refused aloud when %s", (_name, code, happen) => {
    const world = new World();
    const viewer = world.join();
    world.say(viewer, { type: "input", data: "x" });
    happen(world);
    expect(errors(world, viewer)).toEqual([code]);
  });

  it("that was held too long is not refused to whom it no longer reaches", () => {
    const world = new World();
    const viewer = world.join();
    world.say(viewer, { type: "input", data: "x" });
    world.now += timing.holdInputMs + 1;
    world.seen(viewer).closed = "finished";
    world.leave(viewer);
    expect(errors(world, viewer)).toEqual([]);
  });

  it("is held up to a limit; what is over it is refused, and all that follows", () => {
    const world = new World();
    const viewer = world.join();
    for (const data of ["x".repeat(4_000), "y".repeat(200), "z"]) world.say(viewer, { type: "input", data });
    expect(errors(world, viewer)).toEqual(["bridge_unavailable", "bridge_unavailable"]);
    const bridge = world.dial();
    world.hello(bridge, { epoch: "e", seq: 0 });
    world.snapshot(bridge, 0, "");
    expect(inputs(world, bridge)).toEqual(["x".repeat(4_000)]);
  });

  it("is refused at once when no bridge is linked, until one comes", () => {
    const world = new World();
    const viewer = world.join();
    world.send({ kind: "wanted", isLinked: false });
    world.say(viewer, { type: "input", data: "x" });
    expect(errors(world, viewer)).toEqual(["bridge_unavailable"]);
    const bridge = world.dial();
    world.say(viewer, { type: "input", data: "y" });
    world.hello(bridge, { epoch: "e", seq: 0 });
    world.snapshot(bridge, 0, "");
    expect(inputs(world, bridge)).toEqual(["y"]);
  });

  it("is refused while there is no shell", () => {
    const { world, viewer, bridge } = watched();
    world.fromBridge(bridge, { type: "detached", message: "The environment is stopped" });
    world.say(viewer, { type: "input", data: "x" });
    expect(errors(world, viewer)).toEqual(["not_running"]);
    expect(inputs(world, bridge)).toEqual([]);
  });

  it("answers a ping that is not the platform's exact text", () => {
    const { world, viewer } = watched();
    world.say(viewer, '{ "type": "ping", "timestamp": 1 }');
    expect(world.seen(viewer).frames.at(-1)).toEqual({ type: "pong" });
  });
});

describe("sizes", () => {
  const resizes = (world: World, bridge: string) =>
    world.toBridge(bridge).flatMap((message) => (message.type === "resize" ? [`${message.cols}x${message.rows}`] : []));

  it("are the smallest per axis of those that have said one, and the last one stays", () => {
    const { world, viewer, bridge } = watched();
    const second = world.join();
    world.join();
    world.say(viewer, { type: "resize", cols: 120, rows: 20 });
    world.say(second, { type: "resize", cols: 40, rows: 50 });
    world.say(second, { type: "resize", cols: 40, rows: 50 });
    world.leave(second);
    world.leave(viewer);
    expect(resizes(world, bridge)).toEqual(["120x20", "40x20", "120x20"]);
  });

  it("are told again to a new bridge, and after memory vanished only if they changed", () => {
    const { world, viewer, bridge } = watched();
    world.say(viewer, { type: "resize", cols: 100, rows: 30 });
    world.hibernate();
    world.say(viewer, { type: "resize", cols: 100, rows: 30 });
    expect(resizes(world, bridge)).toEqual(["100x30"]);
    const next = world.dial(2);
    world.hello(next, { epoch: "e", seq: 0 });
    expect(resizes(world, next)).toEqual(["100x30"]);
    expect(world.bridges.get(bridge)?.closed).toBe("superseded");
  });

  it("that differ from the terminal's are told to the viewer that draws at them, and to no other", () => {
    const { world, viewer, bridge } = watched();
    const phone = world.join();
    const watcher = world.join();
    world.say(viewer, { type: "resize", cols: 120, rows: 40 });
    world.fromBridge(bridge, { type: "size", cols: 120, rows: 40, gen: 1 });
    world.say(phone, { type: "resize", cols: 40, rows: 20 });
    world.fromBridge(bridge, { type: "size", cols: 40, rows: 20, gen: 2 });
    expect(world.types(phone)).not.toContain("size");
    expect(world.types(watcher)).not.toContain("size");
    expect(world.seen(viewer).frames.at(-1)).toEqual({ type: "size", cols: 40, rows: 20 });
    world.say(viewer, { type: "resize", cols: 130, rows: 40 });
    expect(world.seen(viewer).frames.at(-1)).toEqual({ type: "size", cols: 40, rows: 20 });
    expect(world.types(viewer).filter((type) => type === "size")).toHaveLength(2);
  });
});

describe("silence", () => {
  it("closes a viewer that used to ping, and its size no longer counts", () => {
    const { world, viewer, bridge } = watched();
    const second = world.join();
    world.say(viewer, { type: "resize", cols: 40, rows: 20 });
    world.say(second, { type: "resize", cols: 100, rows: 30 });
    world.ping(viewer);
    world.now += timing.clientSilentAfterMs + 1;
    world.output(bridge, 0, "x");
    expect(world.seen(viewer).closed).toBe("silent");
    expect(world.seen(second).closed).toBeNull();
    expect(world.toBridge(bridge)).toContainEqual({ type: "resize", cols: 100, rows: 30, alone: true });
  });

  it("is noticed by a size that is said again, of which nobody else hears", () => {
    const { world, viewer, bridge } = watched();
    const second = world.join();
    for (const each of [viewer, second]) world.say(each, { type: "resize", cols: 80, rows: 24 });
    world.ping(viewer);
    world.now += timing.clientSilentAfterMs + 1;
    const heard = world.types(second).length;
    world.fromBridge(bridge, { type: "size", cols: 80, rows: 24, gen: 0 });
    expect([world.seen(viewer).closed, world.seen(second).closed]).toEqual(["silent", null]);
    expect(world.types(second)).toHaveLength(heard);
  });

  it("spares the viewer whose frame is the next event", () => {
    const { world, viewer, bridge } = watched();
    world.ping(viewer);
    world.now += timing.clientSilentAfterMs + 1;
    world.say(viewer, { type: "input", data: "back" });
    expect(world.seen(viewer).closed).toBeNull();
    expect(inputs(world, bridge)).toEqual(["back"]);
  });

  it("gives up a bridge that used to ping, and holds input for the next", () => {
    const { world, viewer, bridge } = watched();
    const socket = world.bridges.get(bridge);
    if (socket !== undefined) socket.pingedAt = world.now;
    world.now += timing.bridgeSilentAfterMs + 1;
    world.say(viewer, { type: "input", data: "x" });
    expect(socket?.closed).toBe("silent");
    expect(inputs(world, bridge)).toEqual([]);
  });

  it("of a cluster without a bridge makes the terminal want one again, as often as every 10 s", () => {
    const { world, viewer, bridge } = watched();
    const type = () => world.say(viewer, { type: "input", data: "x" });
    world.send({ kind: "bridge_left", id: bridge });
    type();
    expect(world.wants).toEqual(["want"]);
    world.now += 10_000;
    type();
    type();
    expect(world.wants).toEqual(["want", "want again"]);
    world.keepsakes.delete(bridge);
    world.hibernate();
    type();
    expect(world.wants).toEqual(["want", "want again", "want again"]);
  });
});

describe("ends", () => {
  it("closes the named viewers, and one that only arrives afterwards", () => {
    const { world, viewer } = watched();
    const other = world.join();
    world.send({ kind: "end", which: [viewer, "viewer-4"], close: "sessionEnded" });
    const late = world.join();
    expect(late).toBe("viewer-4");
    expect([viewer, other, late].map((id) => world.seen(id).closed)).toEqual(["sessionEnded", null, "sessionEnded"]);
    expect(world.released).toEqual([viewer, late]);
  });

  it("closes everybody and the bridge when the environment is deleted", () => {
    const { world, viewer, bridge } = watched();
    world.send({ kind: "end", which: "all", close: "environmentDeleted" });
    expect(world.seen(viewer).closed).toBe("environmentDeleted");
    expect(world.bridges.get(bridge)?.closed).toBe("unwanted");
  });

  it("closes the bridge's socket when its token is revoked", () => {
    const { world, bridge } = watched();
    world.send({ kind: "revoke", tokenId: "other" });
    expect(world.bridges.get(bridge)?.closed).toBeNull();
    world.send({ kind: "revoke", tokenId: "token" });
    expect(world.bridges.get(bridge)?.closed).toBe("bridgeRevoked");
  });
});

describe("bridges", () => {
  it("of a lower assignment are fenced, and frames of a replaced one ignored", () => {
    const { world, viewer, bridge } = watched();
    const newer = world.dial(3);
    expect(world.bridges.get(bridge)?.closed).toBe("superseded");
    const older = world.dial(2);
    expect(world.bridges.get(older)?.closed).toBe("superseded");
    world.hello(newer, { epoch: "n", seq: 0 });
    world.output(bridge, 0, "ghost");
    world.snapshot(newer, 0, "new");
    expect(world.screen(viewer)).toBe("new");
  });

  it("that come when nobody watches are sent away", () => {
    const world = new World();
    const bridge = world.dial();
    expect(world.bridges.get(bridge)?.closed).toBe("unwanted");
    expect(world.wants).toEqual(["unwant"]);
  });

  it.each([
    ["text that is no message", '{"type":"what"}'],
    ["bytes that are no frame", new ArrayBuffer(4)],
    ["an output frame over the cap", new Uint8Array([1, ...new Array(limits.maxOutputFrameBytes + 13).fill(0)]).buffer],
  ])("are closed for %s", (_name, frame) => {
    const { world, bridge } = watched();
    world.fromBridge(bridge, frame);
    expect(world.bridges.get(bridge)?.closed).toBe("badFrame");
  });

  it("pass on what they have to say", () => {
    const { world, viewer, bridge } = watched();
    world.fromBridge(bridge, { type: "info", message: "This is a fresh shell" });
    world.send({ kind: "announce", message: { type: "info", message: "all" }, to: "all" });
    world.send({ kind: "announce", message: { type: "info", message: "one" }, to: [viewer, "nobody"] });
    world.send({ kind: "wanted", isLinked: false });
    const told = world.seen(viewer).frames.flatMap((frame) => (frame.type === "info" ? [frame.message] : []));
    expect(told).toEqual(["welcome", "This is a fresh shell", "all", "one", "Waiting for the cluster"]);
  });

  it("show the new screen unasked after attaching anew", () => {
    const { world, viewer, bridge } = watched();
    const asked = world.toBridge(bridge).length;
    world.fromBridge(bridge, { type: "detached", message: "stopped" });
    world.fromBridge(bridge, { type: "attached", epoch: "e2", gen: 0, seq: 0, cols: 80, rows: 24 });
    world.snapshot(bridge, 0, "again");
    expect(world.screen(viewer)).toBe("again");
    expect(world.toBridge(bridge).slice(asked)).toEqual([{ type: "snapshot" }]);
  });
});
