import { describe, expect, it } from "vitest";
import { encodeStreamFrame } from "../../durable-objects/protocol/stream-frames.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { Play } from "./play-2.ts";

/** Two clients that are level and a bridge that serves them. */
function watched() {
  const play = new Play();
  const [client, second] = play.clients;
  if (client === undefined || second === undefined) throw new Error("no clients");
  for (const each of [client, second]) {
    each.connect();
    each.flush();
  }
  play.bridge.dial();
  play.settle();
  const { world, bridge } = play;
  const seen = (type: string, of = client) =>
    world.seen(of.socket ?? "none").frames.filter((frame) => frame.type === type).length;
  const toBridge = (type: string) => world.toBridge(bridge.socket ?? "none").filter((message) => message.type === type);
  /** Prints, and lets only the second client read and acknowledge. */
  const flood = (bytes: number) => {
    for (let sent = 0; sent < bytes; sent += 8_192) {
      bridge.emit("x".repeat(8_192));
      exchange();
    }
  };
  const exchange = () => {
    for (let round = 0; round < 3; round += 1) {
      bridge.flush();
      second.receive();
      second.flush();
      bridge.receive();
    }
  };
  /** One input is lost with the data socket, the next is on its way when another one serves. */
  const changeSocket = () => {
    client.type("lost with the socket");
    client.flush();
    bridge.cut(false);
    bridge.dial();
    bridge.flush();
    bridge.receive();
    client.type("on its way");
    bridge.flush();
    client.flush();
    play.settle();
  };
  return { play, world, client, second, bridge, seen, toBridge, flood, exchange, changeSocket };
}

describe("a client of version 2 that stalls", () => {
  it("is sent a window and no more, holds nobody up, and costs the object nothing that grows", () => {
    const { play, world, client, second, bridge, flood } = watched();
    flood(1_000_000);
    expect(client.underWay).toBeGreaterThan(limits.windowBytes - limits.maxOutputFrameBytes);
    expect(second.position?.seq).toBe(bridge.seq);
    const viewer = world.room.viewers.get(client.socket ?? "none");
    expect(JSON.stringify(viewer).length).toBeLessThan(1_500);
    play.settle();
    expect(client.position?.seq).toBe(bridge.seq);
    expect(client.snapshots).toBe(2);
  });

  it("gets what it lacks if that is little", () => {
    const { play, client, bridge, flood } = watched();
    flood(limits.windowBytes + 8_192);
    play.settle();
    expect([client.snapshots, client.position?.seq]).toEqual([1, bridge.seq]);
  });

  it("gets a snapshot after a size was applied meanwhile, which tells it the size", () => {
    const { play, world, client, second, seen, flood } = watched();
    flood(limits.windowBytes + 8_192);
    second.resize(60, 20);
    second.flush();
    play.bridge.receive();
    play.bridge.flush();
    expect(seen("size")).toBe(0);
    play.settle();
    expect(world.seen(client.socket ?? "none").frames).toContainEqual(
      expect.objectContaining({ type: "snapshot", cols: 60, rows: 20, gen: 1 }),
    );
  });

  it("and interrupts gets a snapshot at once, though its window is full, and no second one", () => {
    const { client, bridge, seen, toBridge, flood, exchange } = watched();
    flood(200_000);
    const snapshots = seen("snapshot");
    for (let n = 0; n < 5; n += 1) {
      client.type("\u0003");
      client.flush();
      exchange();
      bridge.tick();
      exchange();
    }
    expect(toBridge("snapshot")).toHaveLength(1);
    expect(seen("snapshot")).toBe(snapshots + 1);
    expect(client.underWay).toBeLessThanOrEqual(limits.windowBytes);
  });

  it("and does not interrupt gets none before it acknowledges", () => {
    const { client, bridge, seen, flood, exchange } = watched();
    flood(200_000);
    const snapshots = seen("snapshot");
    client.type("x");
    client.flush();
    for (const epoch of [1, 2, 3]) {
      exchange();
      bridge.attach();
      expect(epoch).toBeGreaterThan(0);
    }
    exchange();
    expect(seen("snapshot")).toBe(snapshots);
  });
});

describe("the credit of a bridge", () => {
  it("goes as far as the best visible client, in steps worth a message", () => {
    const { play, bridge, flood } = watched();
    const [first] = bridge.credits;
    expect(first).toBeGreaterThan(limits.windowBytes - 4_000);
    flood(500_000);
    play.settle();
    const steps = bridge.credits.map((until, n) => (until ?? 0) - (bridge.credits[n - 1] ?? 0)).slice(1);
    expect(steps.length).toBeLessThanOrEqual(500_000 / limits.ackEveryBytes + 2);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(limits.ackEveryBytes);
    expect(bridge.credits.at(-1)).toBeGreaterThan(bridge.seq + limits.slowWindowBytes);
  });

  it("ends where nobody acknowledges, so that nothing is read, and goes on with the first who does", () => {
    const { play, bridge, client, second } = watched();
    for (let n = 0; n < 100; n += 1) bridge.emit("x".repeat(4_096));
    expect(bridge.seq).toBeLessThanOrEqual(limits.windowBytes);
    bridge.flush();
    bridge.receive();
    expect(bridge.credits).toHaveLength(1);
    second.cut(false);
    play.settle();
    bridge.emit("more");
    play.settle();
    expect(client.position?.seq).toBe(bridge.seq);
    expect(bridge.credits.length).toBeGreaterThan(1);
  });

  it("is withdrawn with the last client of version 2, and never given for version 1", () => {
    const { play, world, client, second, bridge } = watched();
    world.join();
    client.cut(true);
    second.cut(true);
    play.settle();
    expect(bridge.credits.at(-1)).toBeNull();
    const count = bridge.credits.length;
    world.hibernate();
    bridge.emit("x");
    play.settle();
    expect(bridge.credits).toHaveLength(count);
  });

  it("is withdrawn while all clients of version 2 stall and somebody of version 1 watches", () => {
    const { play, world, bridge } = watched();
    const old = world.join();
    for (let n = 0; n < 100; n += 1) bridge.emit("x".repeat(4_096));
    bridge.flush();
    bridge.receive();
    world.now += 2_500;
    world.say(old, { type: "input", data: "x" });
    bridge.receive();
    expect(bridge.credits.at(-1)).toBeNull();
    play.settle();
    expect(bridge.credits.at(-1)).toBeGreaterThan(bridge.seq);
  });

  it("is given again after the object slept, by what an acknowledgement says", () => {
    const { play, world, bridge, client } = watched();
    for (let n = 0; n < 100; n += 1) bridge.emit("x".repeat(4_096));
    bridge.flush();
    world.hibernate();
    client.receive();
    client.flush();
    bridge.receive();
    expect(bridge.credits.at(-1)).toBeGreaterThan(limits.windowBytes);
    play.settle();
  });
});

describe("what a bridge sends for one client", () => {
  const frame = (seq: number, entry: number, text: string, gen = 0) =>
    encodeStreamFrame({ kind: "replay", gen, seq, entry, bytes: new TextEncoder().encode(text) }).buffer;

  it.each([
    ["that begins elsewhere", () => frame(3, 9, "xyz")],
    ["that ends before the stream goes on", () => frame(2, 9, "x")],
    ["of another generation", () => frame(2, 9, "xyzw", 7)],
    ["of another entry", () => frame(2, 99, "xyzw")],
  ])("is not used %s", (_name, replay) => {
    const { play, world, bridge, client } = watched();
    bridge.emit("abcdef");
    play.settle();
    const socket = bridge.socket ?? "none";
    const late = world.join("terminal", 2);
    const position = { epoch: "e1", gen: 0, seq: 2 };
    for (let n = 3; n < 9; n += 1) world.say(client.socket ?? "none", { type: "history", lines: 1 });
    world.say(late, { type: "hello", cid: "late-client", cols: 80, rows: 24, visible: true, position });
    world.fromBridge(socket, { type: "entered", entry: 9, i: 0, epoch: "e1", gen: 0, seq: 6, cols: 80, rows: 24 });
    world.fromBridge(socket, replay());
    expect(world.types(late)).toEqual(["info", "hello", "iack"]);
    world.now += 6_000;
    world.output(socket, 6, "g");
    expect(world.toBridge(socket).at(-1)).toEqual({ type: "snapshot" });
  });

  it("closes its socket if it is more than a window", () => {
    const { world, bridge } = watched();
    const socket = bridge.socket ?? "none";
    world.fromBridge(socket, frame(0, 1, "x".repeat(limits.windowBytes + 1)));
    expect(world.bridges.get(socket)?.closed).toBe("badFrame");
  });
});

describe("input that may be on its way while the data socket changes", () => {
  it("is uncertain rather than lost, if the bridge knows nothing of its author", () => {
    const { bridge, client, changeSocket } = watched();
    changeSocket();
    expect(bridge.applied.map(({ i }) => i)).toEqual([2]);
    expect(client.uncertain).toEqual(new Set([1, 2]));
  });

  it("is sent again and applied once, if the bridge knows its author", () => {
    const { play, bridge, client, changeSocket } = watched();
    client.type("known");
    play.settle();
    changeSocket();
    expect(bridge.applied.map(({ i }) => i)).toEqual([1, 2, 3]);
    expect(client.uncertain.size).toBe(0);
  });

  it("goes on after a gap that nobody can fill, once the client says hello anew", () => {
    const { play, world, bridge, client } = watched();
    const id = client.socket ?? "none";
    client.type("one");
    play.settle();
    world.say(id, { type: "input", data: "three", i: 3 });
    world.say(id, { type: "hello", cid: client.cid, cols: 80, rows: 24, visible: true });
    play.settle();
    world.say(id, { type: "input", data: "three", i: 3 });
    play.settle();
    expect(bridge.applied.map(({ i, data }) => [i, data])).toEqual([
      [1, "one"],
      [3, "three"],
    ]);
    expect(client.snapshots).toBe(1);
  });
});
