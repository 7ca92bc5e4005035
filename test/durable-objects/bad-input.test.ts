/**
 * Bad input of clients of version 2 and of bridges, over real sockets: each is refused by name or closed with a code, costs
 * nothing that grows, and the neighbour at the same terminal is sent every byte.
 */
import { describe, expect, it, vi } from "vitest";
import type { ServerMessage2 } from "../../durable-objects/protocol/client-2.ts";
import { type CloseName, closes } from "../../durable-objects/protocol/closes.ts";
import { encodeStreamFrame } from "../../durable-objects/protocol/stream-frames.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { type DataPeer, fresh, freshTerminal, link, serve, watch } from "./peers.ts";

const cid = "client-of-test";
const hello = { type: "hello", cid, cols: 80, rows: 24, visible: true };
const picture = "$ ";
type Viewer = Awaited<ReturnType<typeof watch>>;

/** A terminal that a bridge serves to a hostile client and a neighbour, two people who both call their client the same. */
async function stage() {
  const clusterId = fresh("cluster-");
  const terminal = freshTerminal();
  const control = await link(clusterId);
  const join = (userId = fresh("usr_")) => watch(terminal, { clusterId, version: 2, userId });
  const [hostile, neighbour] = [await join(), await join()];
  const assignment = await control.assignment(terminal);
  const data = await serve(clusterId, assignment, "tok", 2);
  data.hello({ epoch: "e", seq: 0 });
  for (const viewer of [hostile, neighbour]) {
    viewer.say(hello);
    await letIn(data, viewer);
  }
  const dialAgain = () => serve(clusterId, assignment, "tok", 2);
  return { hostile, neighbour, data, join, dialAgain };
}

/** Answers the newest `enter`, with a picture. */
async function letIn(data: DataPeer, viewer: Viewer, text = picture): Promise<void> {
  const before = ofType(viewer, "snapshot").length;
  const asked = () => data.received.findLast((message) => message.type === "enter");
  await vi.waitFor(() => expect(asked()?.from).toContain(viewer.ticket.userId), 10_000);
  data.say({ type: "entered", entry: asked()?.entry, i: 0, epoch: "e", gen: 0, seq: 0, cols: 80, rows: 24 });
  data.snapshot(0, text);
  await vi.waitFor(() => expect(ofType(viewer, "snapshot").length).toBeGreaterThan(before), 10_000);
}

function ofType(viewer: Viewer, type: ServerMessage2["type"]): ServerMessage2[] {
  return (viewer.received as ServerMessage2[]).filter((message) => message.type === type);
}

const errorsOf = (viewer: Viewer) => ofType(viewer, "error").map((error) => ("code" in error ? error.code : ""));

/** What the terminal prints now reaches it whole, and its keys reach the bridge. */
async function expectUnaffected({ neighbour, data }: { neighbour: Viewer; data: DataPeer }, seq = 0): Promise<void> {
  data.output(seq, "printed");
  await neighbour.has({ type: "output", data: "printed", seq });
  neighbour.say({ type: "input", data: "typed", i: 1 });
  await data.has({ type: "input", data: "typed", i: 1, from: `${neighbour.ticket.userId}/${cid}` });
  expect([neighbour.closed, errorsOf(neighbour)]).toEqual([null, []]);
}

describe("a client of version 2 that sends", () => {
  it.each<[string, object | string, string]>([
    ["no JSON", "junk", "bad_frame"],
    ["half a JSON text", '{"type":"input","data":"a', "bad_frame"],
    ["what nests very deep", `${"[".repeat(30_000)}${"]".repeat(30_000)}`, "bad_frame"],
    ["an unknown type", { type: "shutdown" }, "bad_frame"],
    ["input of version 1", { type: "input", data: "x" }, "bad_frame"],
    ["a number of 0", { type: "input", data: "x", i: 0 }, "bad_frame"],
    ["a number beyond 2^53", '{"type":"input","data":"x","i":9007199254740993}', "bad_frame"],
    ["a paste part over the cap", { type: "paste", i: 1, id: "p", data: "x".repeat(16_385), last: true }, "bad_frame"],
    ["a key that is none", { type: "key", i: 1, name: "__proto__" }, "bad_frame"],
    ["a key with a modifier that is none", { type: "key", i: 1, name: "up", mods: ["hyper"] }, "bad_frame"],
    ["a size of 0", { type: "resize", cols: 0, rows: 24 }, "bad_frame"],
    ["a size of 80.5", { type: "resize", cols: 80.5, rows: 24 }, "bad_frame"],
    ["a size of 70000", { type: "resize", cols: 70_000, rows: 24 }, "bad_frame"],
    ["no lines of history", { type: "history", lines: 0 }, "bad_frame"],
    ["a million lines of history", { type: "history", lines: 1_000_000 }, "bad_frame"],
    ["history from below the screen", { type: "history", before: -1, lines: 5 }, "bad_frame"],
    ["an acknowledgement of the future", { type: "ack", seq: 2 ** 40 }, "bad_ack"],
    ["one that rides on input", { type: "input", data: "", i: 1, a: 2 ** 40 }, "bad_ack"],
    ["a hello of another client", { ...hello, cid: "another-client" }, "bad_hello"],
    ["a hello with a size of 70000", { ...hello, rows: 70_000 }, "bad_frame"],
  ])("%s is told so by name, and nothing of it reaches the bridge", async (_name, frame, code) => {
    const scene = await stage();
    const sizes = () => scene.data.received.filter(({ type }) => ["resize", "key", "paste", "history"].includes(type));
    const before = sizes().length;
    scene.hostile.say(frame);
    await scene.hostile.has({ type: "error", code });
    expect([sizes().length, scene.hostile.closed]).toEqual([before, null]);
    await expectUnaffected(scene);
  });

  it.each<[string, string | Uint8Array, CloseName]>([
    ["a frame over the cap", "x".repeat(limits.maxClientFrameBytes + 1), "frameTooLarge"],
    ["one over it in UTF-8", JSON.stringify({ type: "input", i: 1, data: "😀".repeat(16_384) }), "frameTooLarge"],
    ["bytes over the cap", new Uint8Array(limits.maxClientFrameBytes + 1), "frameTooLarge"],
  ])("%s is closed", async (_name, frame, close) => {
    const scene = await stage();
    scene.hostile.socket.send(frame);
    expect(await scene.hostile.isClosed()).toEqual({ code: closes[close].code, reason: closes[close].reason });
    await expectUnaffected(scene);
  });

  it("bytes that are no text is told so", async () => {
    const scene = await stage();
    scene.hostile.socket.send(new Uint8Array([0xff, 0xfe, 0x00]));
    await scene.hostile.has({ type: "error", code: "bad_frame" });
    await expectUnaffected(scene);
  });

  it.each([
    ["keys", { type: "input", data: "x", i: 1 }],
    ["acknowledgements that nobody is owed", { type: "ack", seq: 0 }],
  ])("thousands of %s is refused, then closed as a flood", { timeout: 60_000 }, async (_name, frame) => {
    const scene = await stage();
    const frames = 2 * (limits.clientFrameBurst + limits.maxRefusedFrames);
    for (let sent = 0; sent < frames; sent += 1) scene.hostile.socket.send(JSON.stringify(frame));
    expect((await scene.hostile.isClosed()).reason).toBe(closes.floodingFrames.reason);
    expect(errorsOf(scene.hostile)).toContain("rate_limited");
    expect(scene.data.received.length).toBeLessThan(frames - limits.maxRefusedFrames);
    await expectUnaffected(scene);
  });

  it("numbers of the future is told which one the bridge did not apply", async () => {
    const scene = await stage();
    const from = `${scene.hostile.ticket.userId}/${cid}`;
    scene.hostile.say({ type: "input", data: "x", i: limits.maxInputNumber });
    await scene.data.has({ type: "input", from, i: limits.maxInputNumber });
    scene.data.say({ type: "gap", from, i: limits.maxInputNumber, after: 3 });
    await scene.hostile.has({ type: "error", code: "bad_sequence", i: limits.maxInputNumber });
    await expectUnaffected(scene);
  });

  it("history from further up than anything is asked of the bridge as it is, which has nothing there", async () => {
    const scene = await stage();
    scene.hostile.say({ type: "history", before: Number.MAX_SAFE_INTEGER, lines: 2_000 });
    await scene.data.has({ type: "history", before: Number.MAX_SAFE_INTEGER, lines: 2_000 });
    await expectUnaffected(scene);
  });
});

describe("a client of version 2 that says hello", () => {
  it.each([
    ["a foreign epoch", { position: { epoch: "another", gen: 0, seq: 0 } }],
    ["a place of the future", { position: { epoch: "e", gen: 7, seq: 2 ** 50 } }],
    ["a foreign ledger", { ledger: "somebody-else's" }],
    ["an author in a ledger that is another's", { ledger: "l~forged-author" }],
  ])("with %s is given a picture and counted anew, never as the one it claims to be", async (_name, claim) => {
    const scene = await stage();
    const viewer = await scene.join();
    viewer.say({ ...hello, ...claim });
    await letIn(scene.data, viewer);
    const [enter] = scene.data.received.flatMap((each) =>
      each.type === "enter" && each.from.includes(viewer.ticket.userId) ? [each] : [],
    );
    expect(enter?.from.startsWith(`${viewer.ticket.userId}/${cid}`)).toBe(true);
    expect(viewer.received.find((message) => (message as ServerMessage2).type === "iack")).toEqual({
      type: "iack",
      i: 0,
    });
    await expectUnaffected(scene);
  });

  it("with somebody's cid is another author, and takes nobody's socket over", async () => {
    const scene = await stage();
    scene.hostile.say({ type: "input", data: "mine", i: 1 });
    await scene.data.has({ type: "input", data: "mine", from: `${scene.hostile.ticket.userId}/${cid}` });
    await expectUnaffected(scene);
    expect(scene.hostile.closed).toBeNull();
  });

  it("again and again is sent one large picture, and no second before it acknowledges", async () => {
    const scene = await stage();
    const large = "x".repeat(200_000);
    const pictures = () => ofType(scene.hostile, "snapshot").length;
    scene.hostile.say(hello);
    await letIn(scene.data, scene.hostile, large);
    const before = pictures();
    for (let entry = 4; entry < 14; entry += 1) {
      scene.hostile.say(hello);
      await scene.data.has({ type: "enter", entry });
      scene.data.say({ type: "entered", entry, i: 0, epoch: "e", gen: 0, seq: 0, cols: 80, rows: 24 });
      scene.data.snapshot(0, large);
    }
    await expectUnaffected(scene);
    expect(pictures()).toBe(before);
    scene.hostile.say({ type: "ack", seq: 0 });
    await vi.waitFor(() => {
      scene.data.snapshot(7, large);
      expect(pictures()).toBe(before + 1);
    }, 10_000);
  });
});

describe("a client of version 2 that never reads", () => {
  it("is sent a window of a megabyte, and the neighbour all of it", async () => {
    const scene = await stage();
    const piece = "y".repeat(limits.maxOutputFrameBytes);
    let seq = 0;
    for (; seq < 1_048_576; seq += piece.length) {
      scene.data.output(seq, piece);
      await scene.neighbour.has({ type: "output", seq });
      scene.neighbour.say({ type: "ack", seq: seq + piece.length });
    }
    const sent = (viewer: Viewer) =>
      ofType(viewer, "output").reduce((sum, each) => sum + JSON.stringify(each).length, 0);
    expect(sent(scene.hostile)).toBeLessThan(limits.windowBytes + 1_024);
    expect(sent(scene.neighbour)).toBeGreaterThan(1_048_576);
    expect(ofType(scene.hostile, "snapshot")).toHaveLength(1);
    await expectUnaffected(scene, seq);
  });
});

describe("a bridge that lies", () => {
  const frame = (hex: string) =>
    Uint8Array.from(hex.replaceAll(" ", "").match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

  it.each([
    ["an offset beyond 2^53", frame("01 00000000 0020000000000001 24")],
    ["a picture without columns", frame("02 00000000 0000000000000000 0000 0018")],
    [
      "a hello from below nothing",
      JSON.stringify({ type: "hello", gen: 0, cols: 80, rows: 24, ledger: "l", epoch: "e", seq: -1 }),
    ],
  ])("with %s is closed, and its next socket serves the same viewers", async (_name, lie) => {
    const { hostile, neighbour, data, dialAgain } = await stage();
    data.socket.send(lie);
    expect(await data.isClosed()).toEqual({ code: closes.badFrame.code, reason: closes.badFrame.reason });
    const again = await dialAgain();
    again.hello({ epoch: "e", seq: 0 });
    await again.has({ type: "enter", entry: 2 });
    for (const entry of [1, 2]) again.entered(entry, 0);
    await expectUnaffected({ neighbour, data: again });
    expect(hostile.closed).toBeNull();
  });

  it("about how far it has come has viewers wait for a picture, and is closed if that contradicts it", async () => {
    const { neighbour, data, dialAgain } = await stage();
    data.output(2 ** 40, "a lie");
    await data.has({ type: "snapshot" });
    data.snapshot(3, "old");
    await data.has({ type: "snapshot", after_ms: 250 });
    data.snapshot(3, "old");
    expect((await data.isClosed()).code).toBe(closes.badFrame.code);
    const again = await dialAgain();
    again.hello({ epoch: "e", seq: 3 });
    await again.has({ type: "enter", entry: 2 });
    for (const entry of [1, 2])
      again.say({ type: "entered", entry, i: 0, epoch: "e", gen: 0, seq: 3, cols: 80, rows: 24 });
    again.snapshot(3, "true");
    await neighbour.has({ type: "snapshot", data: "true", seq: 3 });
    expect(ofType(neighbour, "output")).toEqual([]);
    await expectUnaffected({ neighbour, data: again }, 3);
  });

  it("about generations and receipts changes nothing for whom they do not concern", async () => {
    const scene = await stage();
    const { data, hostile } = scene;
    data.socket.send(encodeStreamFrame({ kind: "replay", gen: 9, seq: 0, entry: 77, bytes: new Uint8Array(4) }));
    data.say({ type: "receipts", receipts: [{ from: "nobody/at-all", i: 5 }] });
    data.say({ type: "entered", entry: 99, i: 5, epoch: "e", gen: 0, seq: 0, cols: 80, rows: 24 });
    await expectUnaffected(scene);
    expect(ofType(hostile, "iack")).toEqual([{ type: "iack", i: 0 }]);
  });
});
