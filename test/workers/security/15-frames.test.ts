/**
 * Check 15: frames over the cap, floods of tiny ones, broken JSON, unknown types, sizes that are none: a named error or
 * close, and the neighbour on the same terminal goes on as if nothing were.
 */
import { describe, expect, it } from "vitest";
import { closes } from "../../../durable-objects/protocol/closes.ts";
import { limits } from "../../../durable-objects/protocol/timing.ts";
import { bearer, open, running, terminalPath } from "../support/sockets.ts";

/** A hostile viewer and a neighbour on the same terminal. */
async function twoViewers() {
  const { id, person } = await running();
  const connect = () => open(terminalPath(id), bearer(person.token));
  return { hostile: await connect(), neighbour: await connect() };
}

async function expectUnaffected(neighbour: Awaited<ReturnType<typeof open>>): Promise<void> {
  neighbour.say('{"type":"ping"}');
  await neighbour.has({ type: "pong" });
  expect(neighbour.closed).toBeNull();
}

describe("a viewer that sends", () => {
  it.each([
    ["no JSON", "junk"],
    ["half a JSON text", '{"type":"input","data":"a'],
    ["an array", "[]"],
    ["null", "null"],
    ["an unknown type", { type: "shutdown" }],
    ["no type", { data: "ls" }],
    ["input that is no text", { type: "input", data: { $ne: null } }],
    ["a size of 0", { type: "resize", cols: 0, rows: 24 }],
    ["a size of 80.5", { type: "resize", cols: 80.5, rows: 24 }],
    ["a size of 70000", { type: "resize", cols: 70_000, rows: 24 }],
    ["a negative size", { type: "resize", cols: -1, rows: 24 }],
    ["a size that is a text", { type: "resize", cols: "80", rows: 24 }],
    ["a polluted prototype", '{"__proto__":{"type":"input"},"data":"x"}'],
    ["a hello of version 2", { type: "hello", cid: "client-of-test", cols: 80, rows: 24, visible: true }],
    ["an acknowledgement of version 2", { type: "ack", seq: 0 }],
    ["a paste of version 2", { type: "paste", i: 1, id: "p", data: "x", last: true }],
    ["a wish of version 2", { type: "control", action: "take" }],
  ])("%s is told so and stays", async (_name, frame) => {
    const { hostile, neighbour } = await twoViewers();
    hostile.say(frame);
    await hostile.has({ type: "error", code: "bad_frame" });
    expect(hostile.closed).toBeNull();
    await expectUnaffected(neighbour);
  });

  it.each([
    ["one byte over the cap", limits.maxClientFrameBytes + 1],
    ["a megabyte", 1_048_576],
  ])("%s is closed", async (_name, length) => {
    const { hostile, neighbour } = await twoViewers();
    hostile.say("x".repeat(length));
    expect(await hostile.isClosed()).toMatchObject({ code: closes.frameTooLarge.code });
    await expectUnaffected(neighbour);
  });

  it("counts bytes and not characters against the cap", async () => {
    const { hostile } = await twoViewers();
    hostile.say(JSON.stringify({ type: "input", data: "😀".repeat(limits.maxClientFrameBytes / 4) }));
    expect(await hostile.isClosed()).toMatchObject({ code: closes.frameTooLarge.code });
  });

  it("binary is told so or closed, and the neighbour goes on", async () => {
    const { hostile, neighbour } = await twoViewers();
    hostile.socket.send(new Uint8Array([0xff, 0xfe, 0x00]));
    await hostile.has({ type: "error", code: "bad_frame" });
    await expectUnaffected(neighbour);
  });

  it("thousands of tiny frames is refused, then closed as a flood", { timeout: 60_000 }, async () => {
    const { hostile, neighbour } = await twoViewers();
    const frames = 2 * (limits.clientFrameBurst + limits.maxRefusedFrames);
    for (let sent = 0; sent < frames; sent += 1) hostile.socket.send('{"type":"input","data":"x"}');
    expect(await hostile.isClosed()).toMatchObject({ code: closes.floodingFrames.code });
    expect(hostile.received).toContainEqual(expect.objectContaining({ type: "error", code: "rate_limited" }));
    await expectUnaffected(neighbour);
  });

  it("lone surrogates is not told that its frame is bad", async () => {
    const { hostile, neighbour } = await twoViewers();
    hostile.say('{"type":"input","data":"a\\ud800b"}');
    await expectUnaffected(hostile);
    await expectUnaffected(neighbour);
    expect(hostile.received).not.toContainEqual(expect.objectContaining({ type: "error", code: "bad_frame" }));
  });
});
