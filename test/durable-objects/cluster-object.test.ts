import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { Asks } from "../../durable-objects/cluster/asks.ts";
import { pingText } from "../../durable-objects/protocol/client.ts";
import { closes } from "../../durable-objects/protocol/closes.ts";
import { limits, timing } from "../../durable-objects/protocol/timing.ts";
import { parseTerminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { fresh, freshTerminal, link, serve, watch } from "./peers.ts";

const question = { kind: "logs" as const, environment_id: "env_00000000000000000000", lines: 10 };
const revisions = (control: Awaited<ReturnType<typeof link>>) =>
  control.received.flatMap((message) => (message.type === "changed" ? [message.revision] : []));

describe("a cluster", () => {
  it("is linked while a bridge that said hello is there, also after its memory was taken", async () => {
    const id = fresh("cluster-");
    const cluster = env.CLUSTERS.getByName(id);
    expect(await cluster.isLinked()).toBe(false);
    const control = await link(id);
    expect(await cluster.isLinked()).toBe(true);
    await evictDurableObject(cluster, { webSockets: "hibernate" });
    expect(await cluster.isLinked()).toBe(true);
    control.socket.close(closes.finished.code);
    await vi.waitFor(async () => expect(await cluster.isLinked()).toBe(false), 10_000);
  });

  it("sends the wanted list in full on every change and on connecting, and remembers it", async () => {
    const id = fresh("cluster-");
    const cluster = env.CLUSTERS.getByName(id);
    const [a, b] = [freshTerminal(), freshTerminal()];
    await cluster.want(a);
    await evictDurableObject(cluster);
    const control = await link(id);
    expect(control.wants.map((want) => want.terminal)).toEqual([a]);
    expect(await cluster.want(b)).toBe(true);
    await cluster.want(b);
    await cluster.unwant(a);
    await vi.waitFor(() => expect(control.wants.map((want) => want.terminal)).toEqual([b]), 10_000);
    expect(control.received.filter((message) => message.type === "want")).toHaveLength(3);
  });

  it("assigns a terminal anew when it is wanted again because no bridge came", async () => {
    const id = fresh("cluster-");
    const terminal = freshTerminal();
    const control = await link(id);
    await env.CLUSTERS.getByName(id).want(terminal);
    const before = await control.assignment(terminal);
    await env.CLUSTERS.getByName(id).want(terminal, true);
    await vi.waitFor(() => expect(control.wants[0]?.assignment).toBeGreaterThan(before.assignment), 10_000);
    expect(control.wants).toHaveLength(1);
  });

  it("keeps a returning bridge's assignments and gives a new one higher numbers, closing the old", async () => {
    const id = fresh("cluster-");
    const terminal = freshTerminal();
    const bridgeId = fresh("bridge-");
    const first = await link(id, bridgeId);
    await env.CLUSTERS.getByName(id).want(terminal);
    const before = await first.assignment(terminal);
    const again = await link(id, bridgeId);
    expect(await again.assignment(terminal)).toEqual(before);
    expect(await first.isClosed()).toEqual({ code: closes.superseded.code, reason: closes.superseded.reason });
    const other = await link(id);
    const after = await other.assignment(terminal);
    expect(after.assignment).toBeGreaterThan(before.assignment);
    expect(after.secret).not.toBe(before.secret);
    const verdicts = [before, after, { ...after, terminal: freshTerminal() }].map((shown) =>
      env.CLUSTERS.getByName(id).verifyAssignment(shown),
    );
    expect(await Promise.all(verdicts)).toEqual(["superseded", "current", "unwanted"]);
  });

  it("nudges at once, then once a second, and never loses the last", async () => {
    const id = fresh("cluster-");
    const cluster = env.CLUSTERS.getByName(id);
    const control = await link(id);
    for (const revision of ["1", "2", "3"]) await cluster.nudge(revision, `req-${revision}`);
    await control.has({ type: "changed", revision: "1", request_id: "req-1" });
    await runDurableObjectAlarm(cluster);
    await control.has({ type: "changed", revision: "3", request_id: "req-3" });
    expect(revisions(control)).toEqual(["1", "3"]);
  });

  it("asks the bridge and hands the answer back", async () => {
    const id = fresh("cluster-");
    const control = await link(id);
    const answer = env.CLUSTERS.getByName(id).ask(question, "req-9");
    await control.has({ type: "ask", request_id: "req-9", question });
    const ask = control.received.find((message) => message.type === "ask");
    const result = { kind: "logs" as const, entries: [], has_more: false };
    control.say({ type: "answer", id: "another", result });
    control.say({ type: "answer", id: ask?.type === "ask" ? ask.id : "", result });
    expect(await answer).toEqual(result);
  });

  it("says unavailable without a bridge, and when the bridge is lost while it is asked", async () => {
    const id = fresh("cluster-");
    const cluster = env.CLUSTERS.getByName(id);
    expect(await cluster.ask(question)).toMatchObject({ kind: "failed", code: "unavailable" });
    const control = await link(id);
    const answer = cluster.ask(question);
    await control.has({ type: "ask" });
    control.socket.close(closes.finished.code);
    expect(await answer).toMatchObject({ kind: "failed", code: "unavailable" });
  });

  it("waits 10 s for an answer and no longer", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const answer = new Asks().wait("q", "link");
    vi.advanceTimersByTime(timing.askTimeoutMs);
    vi.useRealTimers();
    expect(await answer).toMatchObject({ kind: "failed", code: "unavailable" });
  });

  it("notices a link that used to ping and fell silent", async () => {
    const id = fresh("cluster-");
    const control = await link(id);
    control.say(pingText);
    await vi.waitFor(() => expect(control.received).toContainEqual({ type: "pong" }), 10_000);
    vi.useFakeTimers({ now: Date.now() + timing.bridgeSilentAfterMs + 1_000, toFake: ["Date"] });
    const isLinked = await env.CLUSTERS.getByName(id).isLinked();
    vi.useRealTimers();
    expect(isLinked).toBe(false);
    expect(await control.isClosed()).toEqual({ code: closes.silent.code, reason: closes.silent.reason });
  });

  it("closes a link that speaks out of protocol or too much at once", async () => {
    const id = fresh("cluster-");
    for (const frame of ["junk", `"${"x".repeat(limits.maxBridgeFrameBytes)}"`]) {
      const control = await link(id);
      control.say(frame);
      expect(await control.isClosed()).toEqual({ code: closes.badFrame.code, reason: closes.badFrame.reason });
    }
  });

  it("announces to the watched terminals of the environment only", async () => {
    const clusterId = fresh("cluster-");
    const [one, other] = [freshTerminal(), freshTerminal()];
    const [viewer, stranger] = [await watch(one, { clusterId }), await watch(other, { clusterId })];
    await vi.waitFor(async () => {
      const update = {
        type: "status_update",
        status: "running",
        phase: "running",
        message: "up",
        reason: null,
        progress: 100,
      } as const;
      await env.CLUSTERS.getByName(clusterId).announce(parseTerminalId(one).environmentId, update);
      expect(viewer.received).toContainEqual(update);
    }, 10_000);
    expect(stranger.received.map((message) => message.type)).not.toContain("status_update");
  });

  it("ends every socket of a deleted environment", async () => {
    const clusterId = fresh("cluster-");
    const terminal = freshTerminal();
    const control = await link(clusterId);
    const viewer = await watch(terminal, { clusterId });
    const data = await serve(clusterId, await control.assignment(terminal));
    await env.CLUSTERS.getByName(clusterId).endEnvironment(parseTerminalId(terminal).environmentId);
    expect(await viewer.isClosed()).toMatchObject({ reason: closes.environmentDeleted.reason });
    expect(await data.isClosed()).toMatchObject({ code: closes.unwanted.code });
    await vi.waitFor(() => expect(control.wants).toEqual([]), 10_000);
  });

  it("closes the links and data sockets of a revoked token", async () => {
    const clusterId = fresh("cluster-");
    const terminal = freshTerminal();
    const control = await link(clusterId, fresh("bridge-"), "tok-9");
    const viewer = await watch(terminal, { clusterId });
    const data = await serve(clusterId, await control.assignment(terminal), "tok-9");
    await env.CLUSTERS.getByName(clusterId).revoke("tok-other");
    expect(control.closed).toBeNull();
    await env.CLUSTERS.getByName(clusterId).revoke("tok-9");
    expect(await control.isClosed()).toMatchObject({ code: closes.bridgeRevoked.code });
    expect(await data.isClosed()).toMatchObject({ code: closes.bridgeRevoked.code });
    expect(viewer.closed).toBeNull();
  });
});
