import { describe, expect, it } from "vitest";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { Play } from "./play-2.ts";
import { World } from "./world.ts";

/** A client that is level, a bridge that serves it, and everything between them. */
function watched() {
  const play = new Play();
  const [client, second] = play.clients;
  if (client === undefined || second === undefined) throw new Error("no clients");
  client.connect();
  client.flush();
  play.bridge.dial();
  play.settle();
  const { world, bridge } = play;
  const socket = () => client.socket ?? "none";
  const say = (message: object | string) => world.say(socket(), message);
  const errors = () => world.seen(socket()).frames.flatMap((frame) => (frame.type === "error" ? [frame.code] : []));
  const last = () => world.seen(socket()).frames.at(-1);
  const toBridge = (type: string) => world.toBridge(bridge.socket ?? "none").filter((message) => message.type === type);
  return { play, world, client, second, bridge, socket, say, errors, last, toBridge };
}
const hello = { type: "hello", cid: "client-of-test", cols: 80, rows: 24, visible: true };

describe("the hello of a client of version 2", () => {
  it("is what everything waits for: greeting, place, count and picture come in this order", () => {
    const { world } = watched();
    const late = world.join("terminal", 2);
    world.send({ kind: "announce", message: { type: "info", message: "all" }, to: "all" });
    world.send({ kind: "announce", message: { type: "info", message: "one" }, to: [late] });
    world.hibernate();
    expect(world.types(late)).toEqual([]);
    const { play, client } = watched();
    play.settle();
    expect(play.world.types(client.socket ?? "")).toEqual(["info", "status", "status", "hello", "iack", "snapshot"]);
  });

  it("says where the terminal stands", () => {
    const { world, socket } = watched();
    expect(world.seen(socket()).frames.find((frame) => frame.type === "hello")).toEqual({
      ...{ type: "hello", cid: "a-------", epoch: "e1", gen: 0, seq: 0, ledger: "l1", cols: 80, rows: 24 },
      ...{ role: "owner", window: "main" },
    });
  });

  it("that resumes is answered with exactly what it lacks", () => {
    const { play, world, client, bridge, socket } = watched();
    world.join();
    bridge.emit("before ");
    play.settle();
    client.cut(true);
    bridge.emit("meanwhile ");
    client.connect();
    play.settle();
    expect(world.types(socket())).toEqual(["info", "hello", "iack", "output"]);
    expect(client.position?.seq).toBe(bridge.seq);
    expect(client.snapshots).toBe(1);
  });

  it.each([
    ["of another epoch", { epoch: "foreign", gen: 0, seq: 3 }],
    ["of another generation", { epoch: "e1", gen: 9, seq: 3 }],
    ["ahead of the stream", { epoch: "e1", gen: 0, seq: 999 }],
    ["further behind than a window", { epoch: "e1", gen: 0, seq: 0 }],
  ])("with a place %s is answered with a snapshot", (_name, position) => {
    const { play, client, second, bridge } = watched();
    bridge.emit("x".repeat(40_000));
    play.settle();
    bridge.emit("x".repeat(40_000));
    play.settle();
    second.position = position;
    second.connect();
    play.settle();
    expect(second.position).toEqual(client.position);
    expect(second.snapshots).toBe(1);
  });

  it.each([
    ["input", { type: "input", data: "x", i: 1 }],
    ["an acknowledgement", { type: "ack", seq: 3 }],
    ["no message", "junk"],
    ["a hello with no columns", { ...hello, cols: 0 }],
    ["a hello with half a column", { ...hello, cols: 80.5 }],
    ["a hello with 70,000 rows", { ...hello, rows: 70_000 }],
    ["a hello with a short name", { ...hello, cid: "x" }],
  ])("cannot be %s", (_name, message) => {
    const { world, bridge } = watched();
    const late = world.join("terminal", 2);
    const heard = world.toBridge(bridge.socket ?? "").length;
    world.say(late, message);
    expect(world.seen(late).frames).toEqual([expect.objectContaining({ type: "error", code: "bad_hello" })]);
    expect(world.toBridge(bridge.socket ?? "")).toHaveLength(heard);
  });

  it("a second time lets it enter anew, but no other client", () => {
    const { say, errors, toBridge } = watched();
    say({ ...hello, cid: "a-------", cols: 70, position: { epoch: "e1", gen: 0, seq: 0 } });
    expect(toBridge("resize").at(-1)).toMatchObject({ cols: 70, rows: 24 });
    expect(toBridge("enter")).toHaveLength(2);
    say({ ...hello, cid: "somebody-else" });
    expect(errors()).toEqual(["bad_hello"]);
  });

  it("of the same client takes over from its older socket, and of another user's from nobody's", () => {
    const { play, world, client, socket } = watched();
    const older = socket();
    client.cut(false);
    client.connect();
    play.settle();
    expect([world.seen(older).closed, world.seen(socket()).closed]).toEqual(["takenOver", null]);
    const stranger = world.join("terminal", 2, "usr_other");
    world.say(stranger, { ...hello, cid: client.cid });
    expect([world.seen(stranger).closed, world.seen(socket()).closed]).toEqual([null, null]);
  });

  it("comes again from the server when another data socket serves, and from nobody twice", () => {
    const { play, world, bridge, socket, client } = watched();
    bridge.cut(false);
    client.type("x");
    client.flush();
    bridge.dial();
    play.settle();
    expect(world.types(socket()).filter((type) => type === "hello")).toHaveLength(2);
    expect(bridge.applied.map(({ data }) => data)).toEqual(client.uncertain.has(1) ? [] : ["x"]);
    expect(client.snapshots).toBe(1);
  });

  it("makes a logs socket one of version 1", () => {
    const world = new World();
    const logs = world.join("logs", 2);
    expect(world.types(logs)).toEqual([]);
    world.say(logs, hello);
    const bridge = world.dial(1, 2);
    world.hello(bridge, { epoch: "log", seq: 0 });
    const line = { type: "log", timestamp: "2026-01-01T00:00:00Z", level: "info", message: "m", source: "s" };
    world.fromBridge(bridge, { type: "logs", messages: [line], replay: { begins: true, ends: true } });
    expect(world.types(logs)).toEqual(["info", "log"]);
    expect(world.toBridge(bridge)).toEqual([{ type: "snapshot" }]);
  });
});

describe("what a client of version 2 sends", () => {
  it("is handed on with its author and number, and receipted with the output that follows", () => {
    const { play, bridge, client, last } = watched();
    client.type("ls\ud800");
    play.settle();
    expect(bridge.applied).toEqual([{ from: "usr/a-------", i: 1, data: "ls\ufffd" }]);
    expect(last()).toMatchObject({ type: "output", i: 1 });
    expect(client.open).toEqual([]);
  });

  it.each([
    ["of the past is receipted and not applied", 1, ["iack"], 2],
    ["of the future is refused", 9, ["error"], 2],
  ])("with a number %s", (_name, i, answers, applied) => {
    const { play, world, bridge, client, say, socket } = watched();
    for (const data of ["a", "b"]) client.type(data);
    play.settle();
    const heard = world.types(socket()).length;
    say({ type: "input", data: "again", i });
    play.settle();
    expect(world.types(socket()).slice(heard)).toEqual(answers);
    expect(bridge.applied).toHaveLength(applied);
  });

  it("as a paste or a key goes on as it is", () => {
    const { say, toBridge } = watched();
    say({ type: "paste", i: 1, id: "p", data: "x", last: true });
    say({ type: "key", i: 2, name: "up", mods: ["ctrl"] });
    expect([toBridge("paste")[0], toBridge("key")[0]]).toEqual([
      { type: "paste", from: "usr/a-------", i: 1, id: "p", data: "x", last: true },
      { type: "key", from: "usr/a-------", i: 2, name: "up", mods: ["ctrl"] },
    ]);
  });

  it("is over for the bridge when its author was sent away, and not when it was cut or taken over", () => {
    const { play, world, client, second, toBridge, socket } = watched();
    second.connect();
    second.flush();
    play.settle();
    for (const each of [client, second]) each.type("x");
    play.settle();
    client.cut(true);
    client.connect();
    play.settle();
    world.say(world.join("terminal", 2), { ...hello, cid: client.cid });
    expect(toBridge("left")).toEqual([]);
    world.send({ kind: "end", which: [second.socket ?? ""], close: "sessionEnded" });
    world.send({ kind: "end", which: [socket()], close: "sessionEnded" });
    expect(toBridge("left")).toEqual([{ type: "left", from: "usr/b-------" }]);
  });

  it.each([
    ["an acknowledgement of the future", { type: "ack", seq: 1 }, "bad_ack"],
    ["one that rides on input", { type: "input", data: "x", i: 1, a: 99 }, "bad_ack"],
    ["a size of nothing", { type: "resize", cols: 0, rows: 1 }, "bad_frame"],
    ["a broken size", { type: "resize", cols: 80.5, rows: 24 }, "bad_frame"],
    ["a monstrous size", { type: "resize", cols: 70_000, rows: 24 }, "bad_frame"],
    ["a number below one", { type: "input", data: "x", i: 0 }, "bad_frame"],
    ["a monstrous paste", { type: "paste", i: 1, id: "p", data: "x".repeat(20_000), last: true }, "bad_frame"],
  ])("is refused by name if it is %s", (_name, message, code) => {
    const { say, errors } = watched();
    say(message);
    expect(errors()).toEqual([code]);
  });

  it("is limited, acknowledgements too, and a flood is closed", () => {
    const { world, say, errors, socket } = watched();
    for (let n = 0; n < limits.clientFrameBurst + limits.maxRefusedFrames + 1; n += 1) say({ type: "ack", seq: 0 });
    expect(errors()).toHaveLength(limits.maxRefusedFrames);
    expect(new Set(errors())).toEqual(new Set(["rate_limited"]));
    expect(world.seen(socket()).closed).toBe("floodingFrames");
  });

  it("is limited by name and number, and loses nothing by it", () => {
    const { play, world, client, bridge, last } = watched();
    for (let n = 0; n < limits.clientFrameBurst + 20; n += 1) client.type("x");
    client.flush();
    expect(last()).toMatchObject({ type: "error", code: "rate_limited", i: limits.clientFrameBurst + 20 });
    world.now += 2_000;
    play.settle();
    expect(bridge.applied.map(({ i }) => i)).toEqual(client.typed.map((_, n) => n + 1));
  });

  it("counts acknowledgements that output is owed for as nothing", () => {
    const { play, bridge, client, errors } = watched();
    for (let n = 0; n < 1.5 * limits.clientFrameBurst; n += 1) {
      bridge.emit("x".repeat(limits.ackEveryBytes));
      bridge.flush();
      client.receive();
      client.flush();
      bridge.receive();
    }
    play.settle();
    expect([errors(), client.position?.seq]).toEqual([[], bridge.seq]);
  });

  it("counts for the size only while it is visible", () => {
    const { play, client, second, toBridge } = watched();
    second.connect();
    second.resize(40, 20);
    play.settle();
    second.resize(40, 20, false);
    play.settle();
    client.resize(90, 25);
    play.settle();
    expect(toBridge("resize").map((message) => (message.type === "resize" ? message.cols : 0))).toEqual([
      80, 40, 80, 90,
    ]);
  });

  it("is told every size that was applied, with its generation", () => {
    const { play, world, client, second, socket } = watched();
    second.connect();
    play.settle();
    client.resize(70, 20);
    play.settle();
    for (const id of [socket(), second.socket ?? ""]) {
      expect(world.seen(id).frames).toContainEqual({ type: "size", cols: 70, rows: 20, gen: 1 });
    }
  });

  it("asks for lines above the screen and gets its own", () => {
    const { play, world, say, last, second } = watched();
    second.connect();
    play.settle();
    say({ type: "history", before: 5, lines: 10 });
    play.settle();
    expect(last()).toEqual({ type: "history", before: 5, lines: ["old"], more: false });
    expect(world.types(second.socket ?? "")).not.toContain("history");
  });

  it("is refused while there is no shell, and kept for the next", () => {
    const { play, bridge, client, errors } = watched();
    bridge.detach();
    play.settle();
    client.type("x");
    client.flush();
    expect(errors()).toEqual(["not_running"]);
    bridge.attach();
    play.settle();
    expect([bridge.applied.length, client.uncertain.size]).toEqual([0, 1]);
  });

  it("is told what nobody knows about", () => {
    const { world, bridge, last } = watched();
    world.fromBridge(bridge.socket ?? "", { type: "uncertain", from: "usr/a-------", first: 3, last: 4 });
    expect(last()).toEqual({ type: "uncertain", from: 3, to: 4 });
  });
});
