import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { closes } from "../../durable-objects/protocol/closes.ts";
import type { SocketEntry } from "../../durable-objects/protocol/objects.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import { parseTerminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { fresh, freshTerminal, watch } from "./peers.ts";

const max = limits.maxSocketsPerUser;
const entry = (fields: Partial<SocketEntry> = {}): SocketEntry => ({
  socketId: fresh("s"),
  sessionId: "ses_1",
  terminal: freshTerminal(),
  kind: "terminal",
  checkedAtMs: Date.now() + 1,
  ...fields,
});

/** A user with one open socket, admitted as the Worker does it. */
async function watching(userId: string, fields: Partial<SocketEntry> = {}) {
  const admitted = entry(fields);
  expect(await env.USERS.getByName(userId).admit(admitted, max)).toEqual({ kind: "admitted" });
  const { socketId, sessionId, terminal } = admitted;
  return { admitted, viewer: await watch(terminal, { socketId, sessionId, userId, clusterId: fresh("cluster-") }) };
}

describe("a user's sockets", () => {
  it("are counted: the eleventh is refused, and a closed one makes room", async () => {
    const userId = fresh("usr_");
    const user = env.USERS.getByName(userId);
    const first = await watching(userId);
    for (let i = 1; i < max; i += 1) await user.admit(entry(), max);
    expect(await user.admit(entry(), max)).toEqual({ kind: "refused", close: "tooManySockets" });
    first.viewer.socket.close(closes.finished.code);
    await vi.waitFor(async () => expect(await user.openSockets()).toHaveLength(max - 1), 10_000);
    expect(await user.admit(entry(), max)).toEqual({ kind: "admitted" });
  });

  it("that vanished with their objects are found out before one is refused", async () => {
    const userId = fresh("usr_");
    const user = env.USERS.getByName(userId);
    const { admitted, viewer } = await watching(userId);
    vi.useFakeTimers({ now: Date.now() - 60_000, toFake: ["Date"] });
    for (let i = 1; i < max; i += 1) await user.admit(entry(), max);
    vi.useRealTimers();
    expect(await user.admit(entry(), max)).toEqual({ kind: "admitted" });
    expect((await user.openSockets()).map(({ socketId }) => socketId)).toContain(admitted.socketId);
    expect(viewer.closed).toBeNull();
  });

  it("are remembered when the object's memory is taken", async () => {
    const user = env.USERS.getByName(fresh("usr_"));
    const admitted = entry();
    await user.admit(admitted, max);
    await evictDurableObject(user);
    expect(await user.openSockets()).toMatchObject([{ socketId: admitted.socketId }]);
  });

  it.each([
    ["one session", { sessionId: "ses_1" }, [true, false]],
    ["all sessions but one", { exceptSessionId: "ses_1" }, [false, true]],
    ["everything", "all", [true, true]],
  ] as const)("end for %s", async (_name, selector, expected) => {
    const userId = fresh("usr_");
    const one = await watching(userId, { sessionId: "ses_1" });
    const two = await watching(userId, { sessionId: "ses_2" });
    const user = env.USERS.getByName(userId);
    await user.end(selector, "sessionEnded");
    await vi.waitFor(() => expect([one, two].map(({ viewer }) => viewer.closed !== null)).toEqual(expected), 10_000);
    const left = expected.filter((isEnded) => !isEnded).length;
    await vi.waitFor(async () => expect(await user.openSockets()).toHaveLength(left), 10_000);
  });

  it("end for one environment", async () => {
    const userId = fresh("usr_");
    const [one, two] = [await watching(userId), await watching(userId)];
    const { environmentId } = parseTerminalId(one.admitted.terminal);
    await env.USERS.getByName(userId).end({ environmentId }, "environmentDeleted");
    expect(await one.viewer.isClosed()).toMatchObject({ reason: closes.environmentDeleted.reason });
    expect(two.viewer.closed).toBeNull();
  });

  it("are refused when their session was checked before it ended, and closed when they arrive after it", async () => {
    const userId = fresh("usr_");
    const user = env.USERS.getByName(userId);
    const checked = entry({ checkedAtMs: Date.now() });
    const underway = entry();
    await user.admit(underway, max);
    await user.end({ sessionId: "ses_1" }, "sessionEnded");
    expect(await user.admit(checked, max)).toEqual({ kind: "refused", close: "sessionEnded" });
    expect(await user.admit(entry({ checkedAtMs: Date.now() + 1 }), max)).toEqual({ kind: "admitted" });
    const late = await watch(underway.terminal, { socketId: underway.socketId, userId });
    expect(await late.isClosed()).toMatchObject({ reason: closes.sessionEnded.reason });
  });

  it("all hear what the user is told", async () => {
    const userId = fresh("usr_");
    const [one, two] = [await watching(userId), await watching(userId)];
    await env.USERS.getByName(userId).tell({ type: "info", message: "hello, both" });
    await one.viewer.has({ type: "info", message: "hello, both" });
    await two.viewer.has({ type: "info", message: "hello, both" });
  });
});
