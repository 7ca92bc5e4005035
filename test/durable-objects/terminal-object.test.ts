import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { pingText } from "../../durable-objects/protocol/client.ts";
import { closes } from "../../durable-objects/protocol/closes.ts";
import { limits, timing } from "../../durable-objects/protocol/timing.ts";
import { fresh, freshTerminal, link, serve, watch } from "./peers.ts";

/** A cluster with a linked bridge that serves one terminal to one viewer. */
async function served(window = "main") {
  const clusterId = fresh("cluster-");
  const terminal = freshTerminal(window);
  const control = await link(clusterId);
  const viewer = await watch(terminal, { clusterId });
  const assignment = await control.assignment(terminal);
  const data = await serve(clusterId, assignment);
  data.hello({ epoch: "e", seq: 0 });
  await data.has({ type: "snapshot" });
  if (window === "main") {
    data.snapshot(0, "$ ");
    await viewer.shows("$ ");
  }
  return { clusterId, terminal, control, viewer, assignment, data, stub: env.TERMINALS.getByName(terminal) };
}

describe("a terminal", () => {
  it("greets, asks the cluster for a bridge and carries keys there and bytes back", async () => {
    const { viewer, data } = await served();
    expect(viewer.received.slice(0, 2)).toMatchObject([
      { type: "output", data: "\u001b[0m" },
      { type: "welcome", message: "Connected to café 😀", environment: { pty_enabled: true, status: "running" } },
    ]);
    viewer.say({ type: "input", data: "ls\r" });
    await data.has({ type: "input", data: "ls\r" });
    data.output(0, "file\r\n");
    await viewer.shows("$ file\r\n");
    viewer.say({ type: "resize", cols: 40, rows: 20 });
    await data.has({ type: "resize", cols: 40, rows: 20 });
  });

  it("says in which phase an environment without a shell is, and shows the screen when it runs", async () => {
    const clusterId = fresh("cluster-");
    const terminal = freshTerminal();
    const viewer = await watch(terminal, { clusterId, phase: "stopped", statusMessage: "Stopped by you" });
    await viewer.has({ type: "status_update", status: "stopped", phase: "stopped", message: "Stopped by you" });
    await viewer.has({ type: "info", message: "Waiting for the cluster" });
    viewer.say({ type: "input", data: "x" });
    await viewer.has({ type: "error", code: "bridge_unavailable" });
    const control = await link(clusterId);
    const data = await serve(clusterId, await control.assignment(terminal));
    data.hello({ epoch: "e", seq: 0 });
    data.say({ type: "detached", message: "Stopped" });
    data.say({ type: "attached", epoch: "e2", gen: 0, seq: 0, cols: 80, rows: 24 });
    data.snapshot(0, "up");
    await viewer.shows("up");
  });

  it("tells who joins what is to be said of a shell, and otherwise says nothing of it", async () => {
    const clusterId = fresh("cluster-");
    const message = "Session restored: 3 windows; running programs ended";
    const told = await watch(freshTerminal(), { clusterId, phase: "running", statusMessage: message });
    await told.has({ type: "status_update", status: "running", phase: "running", message });
    const { viewer } = await served();
    expect(viewer.received.map((each) => each.type)).not.toContain("status_update");
  });

  it("goes on byte-exact when its memory was taken, with viewers and bridge still there", async () => {
    const { viewer, data, stub } = await served();
    data.output(0, "one ");
    await viewer.shows("$ one ");
    for (const seq of [4, 8, 12]) {
      await evictDurableObject(stub, { webSockets: "hibernate" });
      data.output(seq, "more");
      await viewer.shows(`$ one ${"more".repeat(seq / 4)}`);
    }
    viewer.say({ type: "input", data: "typed after waking" });
    await data.has({ type: "input", data: "typed after waking" });
    expect(viewer.closed).toBeNull();
  });

  it("wakes with viewers that had no snapshot yet and serves them", async () => {
    const { viewer, data, stub, clusterId, terminal } = await served();
    const late = await watch(terminal, { clusterId });
    await evictDurableObject(stub, { webSockets: "hibernate" });
    data.snapshot(0, "late");
    await late.shows("late");
    expect(viewer.screen).toBe("$ ");
  });

  it("is there again after its sockets were cut: viewer and bridge only dial again", async () => {
    const { viewer, data, stub, clusterId, terminal, assignment } = await served();
    await evictDurableObject(stub, { webSockets: "close" });
    await Promise.all([viewer.isClosed(), data.isClosed()]);
    const again = await watch(terminal, { clusterId });
    const dataAgain = await serve(clusterId, assignment);
    dataAgain.hello({ epoch: "e", seq: 100 });
    await dataAgain.has({ type: "snapshot" });
    dataAgain.snapshot(100, "same shell");
    await again.shows("same shell");
  });

  it("answers the exact ping text without waking, and knows when", async () => {
    const { viewer, stub } = await served();
    await evictDurableObject(stub, { webSockets: "hibernate" });
    viewer.say(pingText);
    await viewer.has({ type: "pong" });
    const pinged = await runInDurableObject(stub, (_object, state) =>
      state.getWebSockets("viewer").map((socket) => state.getWebSocketAutoResponseTimestamp(socket) !== null),
    );
    expect(pinged).toEqual([true]);
  });

  it("stores nothing and sets no alarm", async () => {
    const { stub } = await served();
    const kept = await runInDurableObject(stub, async (_object, state) => [
      (await state.storage.list()).size,
      await state.storage.getAlarm(),
    ]);
    expect(kept).toEqual([0, null]);
  });

  it("stores the size policy that its owner has chosen until they have been away for long, and nothing then", async () => {
    const { terminal, clusterId, stub } = await served();
    const owner = await watch(terminal, { clusterId, version: 2 });
    owner.hello();
    owner.say({ type: "policy", kind: "owner" });
    await owner.has({ type: "policy", kind: "owner" });
    await evictDurableObject(stub);
    const again = await watch(terminal, { clusterId, version: 2, userId: "usr_2", role: "driver" });
    again.hello();
    await again.has({ type: "policy", kind: "owner" });
    await env.TERMINALS.getByName(terminal).end("all", "tryLater");
    const kept = () =>
      runInDurableObject(stub, async (_object, { storage }) => [
        (await storage.list()).size,
        (await storage.getAlarm()) !== null,
      ]);
    expect(await kept()).toEqual([1, true]);
    vi.setSystemTime(Date.now() + timing.policyKeptMs);
    try {
      await runDurableObjectAlarm(stub);
    } finally {
      vi.useRealTimers();
    }
    expect(await kept()).toEqual([0, false]);
  });

  it("lets the bridge go with the last viewer, and wants a new one with the next", async () => {
    const { viewer, data, control, terminal, clusterId, assignment } = await served();
    viewer.socket.close(closes.finished.code, "bye");
    expect(await viewer.isClosed()).toMatchObject({ code: closes.finished.code });
    expect(await data.isClosed()).toEqual({ code: closes.unwanted.code, reason: closes.unwanted.reason });
    await vi.waitFor(() => expect(control.wants).toEqual([]), 10_000);
    await watch(terminal, { clusterId });
    expect((await control.assignment(terminal)).assignment).toBeGreaterThan(assignment.assignment);
    expect(await (await serve(clusterId, assignment)).isClosed()).toMatchObject({ code: closes.superseded.code });
  });

  it("gets a fresh assignment for a viewer that comes in the moment the last one goes", async () => {
    const { viewer, data, control, terminal, clusterId, assignment } = await served();
    viewer.socket.close(closes.finished.code, "bye");
    await data.isClosed();
    const next = await watch(terminal, { clusterId });
    await vi.waitFor(() => expect(control.wants[0]?.assignment).toBeGreaterThan(assignment.assignment), 10_000);
    const again = await serve(clusterId, await control.assignment(terminal));
    again.hello({ epoch: "e", seq: 0 });
    again.snapshot(0, "back");
    await next.shows("back");
  });

  it("refuses a bridge with a wrong secret, and one that nobody wants", async () => {
    const { clusterId, assignment } = await served();
    const forged = await serve(clusterId, { ...assignment, secret: "0".repeat(36) });
    expect(await forged.isClosed()).toMatchObject({ code: closes.superseded.code });
    const elsewhere = await serve(fresh("cluster-"), assignment);
    expect(await elsewhere.isClosed()).toMatchObject({ code: closes.unwanted.code });
  });

  it("closes a viewer whose frame is over the cap and keeps the other", async () => {
    const { viewer, terminal, clusterId } = await served();
    const other = await watch(terminal, { clusterId });
    viewer.say("x".repeat(70_000));
    expect(await viewer.isClosed()).toMatchObject({ code: closes.frameTooLarge.code });
    other.say("junk");
    await other.has({ type: "error", code: "bad_frame" });
  });

  it("writes who came and went with the request's id, and no secret", async () => {
    const printed = vi.spyOn(console, "log").mockImplementation(() => {});
    const { viewer, assignment } = await served();
    viewer.socket.close(closes.finished.code);
    await viewer.isClosed();
    const text = () => printed.mock.calls.join("\n");
    try {
      await vi.waitFor(() => {
        const lines = text()
          .split("\n")
          .map((line) => JSON.parse(line));
        for (const msg of ["viewer attached", "bridge attached", "viewer left", "bridge closed"])
          expect(lines).toContainEqual(expect.objectContaining({ msg, request_id: expect.stringMatching(/^req/) }));
      }, 10_000);
      expect(text()).not.toContain(assignment.secret);
    } finally {
      printed.mockRestore();
    }
  });

  it("speaks version 2 where the ticket says so, from the hello on, also when its memory was taken", async () => {
    const { clusterId, terminal, assignment, stub, viewer: old } = await served();
    const viewer = await watch(terminal, { clusterId, version: 2 });
    const data = await serve(clusterId, assignment, "tok", 2);
    data.hello({ epoch: "e", seq: 0 });
    await stub.announce({ type: "info", message: "for all" });
    await old.has({ type: "info", message: "for all" });
    await evictDurableObject(stub, { webSockets: "hibernate" });
    viewer.hello();
    await data.has({ type: "enter", entry: 1, from: "usr_1/client-of-test", max_bytes: 65_536 });
    await evictDurableObject(stub, { webSockets: "hibernate" });
    data.entered(1, 0);
    await viewer.has({ type: "snapshot", data: "$ ", seq: 0 });
    await data.has({ type: "credit", until: expect.any(Number) });
    await evictDurableObject(stub, { webSockets: "hibernate" });
    data.output(0, "one");
    await viewer.has({ type: "output", data: "one", seq: 0 });
    viewer.say({ type: "input", data: "x", i: 8, a: 3 });
    await data.has({ type: "input", data: "x", i: 8, from: "usr_1/client-of-test" });
    data.say({ type: "receipts", receipts: [{ from: "usr_1/client-of-test", i: 8 }] });
    await viewer.has({ type: "iack", i: 8 });
    const types = ["welcome", "hello", "iack", "snapshot", "output", "iack"];
    expect(viewer.received.map((message) => message.type)).toEqual(types);
  });

  it("of one window says which, tells the windows and ends with its own", async () => {
    const clusterId = fresh("cluster-");
    const terminal = freshTerminal("w3");
    const control = await link(clusterId);
    const viewer = await watch(terminal, { clusterId, version: 2 });
    viewer.hello();
    const data = await serve(clusterId, await control.assignment(terminal), "tok", 2);
    data.hello({ epoch: "e", seq: 0 });
    await data.has({ type: "enter", entry: 1 });
    data.entered(1, 0);
    await viewer.has({ type: "hello", window: "w3" });
    await data.has({ type: "windows" });
    const windows = [{ id: "w3", name: "#{pid}", position: 0, is_active: true }];
    data.say({ type: "windows", windows });
    await viewer.has({ type: "windows", windows });
    await evictDurableObject(env.TERMINALS.getByName(terminal), { webSockets: "hibernate" });
    data.say({ type: "windows", windows: [] });
    await viewer.has({ type: "windows", windows: [] });
    data.say({ type: "gone" });
    expect(await viewer.isClosed()).toEqual({ code: closes.windowGone.code, reason: closes.windowGone.reason });
    expect((await data.isClosed()).code).toBe(closes.unwanted.code);
  });

  it("takes a bridge of version 1 for what it is", async () => {
    const { clusterId, terminal, data } = await served();
    const viewer = await watch(terminal, { clusterId, version: 2 });
    viewer.hello();
    await vi.waitFor(() => expect(data.received.filter(({ type }) => type === "snapshot")).toHaveLength(2), 10_000);
    data.snapshot(0, "$ ");
    await viewer.has({ type: "snapshot", data: "$ " });
    viewer.say({ type: "input", data: "ls", i: 1 });
    await viewer.has({ type: "iack", i: 1 });
    await data.has({ type: "input", data: "ls" });
  });

  it("closes the older of two sockets of one client", async () => {
    const { clusterId, terminal } = await served();
    const [older, newer] = await Promise.all([
      watch(terminal, { clusterId, version: 2 }),
      watch(terminal, { clusterId, version: 2 }),
    ]);
    older.hello();
    await older.has({ type: "welcome" });
    newer.hello();
    expect(await older.isClosed()).toEqual({ code: closes.takenOver.code, reason: closes.takenOver.reason });
    await newer.has({ type: "welcome" });
  });

  it("knows a closed socket as gone once its peer has answered, and lets its guest in again and again", async () => {
    const { clusterId, terminal } = await served();
    const guest = { clusterId, version: 2, role: "viewer", userId: fresh("usr_") } as const;
    for (let n = 0; n < limits.maxSocketsPerUser + 3; n += 1) {
      const viewer = await watch(terminal, guest);
      viewer.hello();
      await viewer.has({ type: "welcome" });
    }
  });

  it("does not even look at the clock for what comes behind its close", async () => {
    const { viewer, stub } = await served();
    const lookedAt = await runInDurableObject(stub, async (object, state) => {
      const socket = state.getWebSockets().find((each) => state.getTags(each)[1] === viewer.ticket.socketId);
      if (socket === undefined) throw new Error("no socket");
      const clock = vi.spyOn(Date, "now");
      await object.webSocketMessage?.(socket, "junk");
      const whileOpen = clock.mock.calls.length;
      socket.close(closes.floodingFrames.code, closes.floodingFrames.reason);
      clock.mockClear();
      await object.webSocketMessage?.(socket, "junk");
      const behind = clock.mock.calls.length;
      clock.mockRestore();
      return { whileOpen, behind };
    });
    expect(lookedAt).toEqual({ whileOpen: expect.any(Number), behind: 0 });
    expect(lookedAt.whileOpen).toBeGreaterThan(0);
  });

  it("replays the log so far to a viewer of logs and then follows it", async () => {
    const { viewer, data } = await served("logs");
    const log = (message: string) => ({
      type: "log",
      timestamp: `2026-01-01T00:00:0${message}Z`,
      level: "info",
      message,
    });
    const messages = ["1", "2"].map((message) => ({ ...log(message), source: "startup" }));
    data.say({ type: "logs", messages, replay: { begins: true, ends: true } });
    data.say({ type: "logs", messages: [{ ...log("3"), source: "startup" }] });
    await viewer.has({ type: "log", message: "3" });
    expect(viewer.received.map((message) => message.type)).toEqual(["welcome", "log", "log", "log"]);
  });
});
