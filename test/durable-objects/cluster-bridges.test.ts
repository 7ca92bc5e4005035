/** Several bridges of one cluster: who leads, who serves what, and what becomes of it when one goes. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { closes } from "../../durable-objects/protocol/closes.ts";
import { bridgeOf } from "../../durable-objects/protocol/placement.ts";
import { timing } from "../../durable-objects/protocol/timing.ts";
import { parseTerminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { fresh, freshTerminal, type LinkPeer, link, linkSharing, serve, sharingHello, watch } from "./peers.ts";

const cluster = (id: string) => env.CLUSTERS.getByName(id);
const question = (terminal: string) => ({
  kind: "logs" as const,
  environment_id: parseTerminalId(terminal).environmentId,
  lines: 1,
});

/** Terminals of which each of these bridges has at least one. */
function terminalsOf(bridges: string[]): Map<string, string> {
  const found = new Map<string, string>();
  while (found.size < bridges.length) {
    const terminal = freshTerminal();
    found.set(bridgeOf(parseTerminalId(terminal).environmentId, bridges) ?? "", terminal);
  }
  return found;
}

/** Lets the object's clock pass, which is not the platform's that times pings: who still lives says so anew. */
async function pass(clusterId: string, ms: number, living: LinkPeer, bridgeId: string): Promise<void> {
  vi.useFakeTimers({ now: Date.now() + ms, toFake: ["Date"] });
  living.say(sharingHello(bridgeId));
  await vi.waitFor(async () => {
    const self = (await cluster(clusterId).linkedBridges()).find((each) => each.bridgeId === bridgeId);
    expect(self?.sinceMs).toBeGreaterThanOrEqual(Date.now());
  }, 10_000);
}

async function leads(peer: LinkPeer, lease: boolean, bridges: string[]): Promise<void> {
  await vi.waitFor(() => expect(peer.duties).toEqual({ type: "duties", lease, bridges: [...bridges].sort() }), 10_000);
}

describe("several bridges of a cluster", () => {
  afterEach(() => vi.useRealTimers());

  const two = async () => {
    const id = fresh("cluster-");
    const [a, b] = [fresh("bridge-"), fresh("bridge-")];
    const first = await linkSharing(id, a);
    const second = await linkSharing(id, b);
    const own = terminalsOf([a, b]);
    const [ofFirst, ofSecond] = [own.get(a) ?? "", own.get(b) ?? ""];
    for (const terminal of own.values()) await cluster(id).want(terminal);
    await first.assignment(ofFirst);
    await second.assignment(ofSecond);
    return { id, a, b, first, second, ofFirst, ofSecond };
  };

  it("serve side by side: the first leads, and each is told its own terminals and no others", async () => {
    const { a, b, first, second, ofFirst, ofSecond } = await two();
    await leads(first, true, [a, b]);
    await leads(second, false, [a, b]);
    expect(first.wants.map((want) => want.terminal)).toEqual([ofFirst]);
    expect(second.wants.map((want) => want.terminal)).toEqual([ofSecond]);
  });

  it("are asked about their own environments", async () => {
    const { id, first, second, ofSecond } = await two();
    const answer = cluster(id).ask(question(ofSecond));
    await second.has({ type: "ask", question: question(ofSecond) });
    expect(first.received.map((message) => message.type)).not.toContain("ask");
    const ask = second.received.find((message) => message.type === "ask");
    const result = { kind: "logs" as const, entries: [], has_more: false };
    second.say({ type: "answer", id: ask?.type === "ask" ? ask.id : "", result });
    expect(await answer).toEqual(result);
  });

  it("move only what a joining one takes over, under new assignments; the old ones are worth nothing", async () => {
    const id = fresh("cluster-");
    const [a, b] = [fresh("bridge-"), fresh("bridge-")];
    const own = terminalsOf([a, b]);
    const first = await linkSharing(id, a);
    for (const terminal of own.values()) await cluster(id).want(terminal);
    const kept = await first.assignment(own.get(a) ?? "");
    const lost = await first.assignment(own.get(b) ?? "");
    const second = await linkSharing(id, b);
    const taken = await second.assignment(own.get(b) ?? "");
    expect(taken.assignment).toBeGreaterThan(lost.assignment);
    await vi.waitFor(() => expect(first.wants).toEqual([kept]), 10_000);
    expect(await cluster(id).verifyAssignment(lost)).toBe("superseded");
    expect(await cluster(id).verifyAssignment(taken)).toBe("current");
  });

  it("hand over at once when one says goodbye, the lease too", async () => {
    const { id, b, first, second, ofFirst } = await two();
    first.socket.close(closes.finished.code);
    await leads(second, true, [b]);
    await second.assignment(ofFirst);
    expect(await cluster(id).linkedBridges()).toMatchObject([{ bridgeId: b, hasLease: true, terminals: 2 }]);
  });

  it("move the terminals of one that was cut after the time to come back, and its lease much later", async () => {
    const { id, b, first, second, ofFirst } = await two();
    first.socket.close(4999);
    await vi.waitFor(async () => expect(await cluster(id).linkedBridges()).toHaveLength(1), 10_000);
    expect(second.wants.map((want) => want.terminal)).not.toContain(ofFirst);
    await pass(id, timing.linkReturnMs, second, b);
    await second.assignment(ofFirst);
    await leads(second, false, [b]);
    await pass(id, timing.linkSilentAfterMs - timing.linkReturnMs - 1_000, second, b);
    await leads(second, false, [b]);
    await pass(id, 1_001, second, b);
    await leads(second, true, [b]);
  });

  it("keep what they had when one comes back in time, and it goes on leading", async () => {
    const { id, a, b, first, second, ofFirst, ofSecond } = await two();
    const [before, other] = [await first.assignment(ofFirst), await second.assignment(ofSecond)];
    first.socket.close(4999);
    await vi.waitFor(async () => expect(await cluster(id).linkedBridges()).toHaveLength(1), 10_000);
    const again = await linkSharing(id, a);
    expect(await again.assignment(ofFirst)).toEqual(before);
    await leads(again, true, [a, b]);
    expect(await second.assignment(ofSecond)).toEqual(other);
  });

  it("give up one that has fallen silent", async () => {
    const { id, b, first, second, ofFirst } = await two();
    await pass(id, timing.linkSilentAfterMs + 1_000, second, b);
    expect(await first.isClosed()).toMatchObject({ code: closes.silent.code });
    await second.assignment(ofFirst);
    await leads(second, true, [b]);
  });

  it("are looked after without a word from any", async () => {
    const { id, first, second } = await two();
    vi.useFakeTimers({ now: Date.now() + timing.linkSilentAfterMs + 1_000, toFake: ["Date"] });
    await runDurableObjectAlarm(cluster(id));
    expect(await first.isClosed()).toMatchObject({ code: closes.silent.code });
    expect(await second.isClosed()).toMatchObject({ code: closes.silent.code });
  });

  it("have the object look again by itself only while there are several", async () => {
    const id = fresh("cluster-");
    const alarm = () => runInDurableObject(cluster(id), (_object, state) => state.storage.getAlarm());
    await linkSharing(id, fresh("bridge-"));
    expect(await alarm()).toBeNull();
    await linkSharing(id, fresh("bridge-"));
    const at = await vi.waitUntil(alarm, 10_000);
    expect(at - Date.now()).toBeLessThanOrEqual(timing.linkSilentAfterMs + 1);
  });

  it("take over from a draining one while its sockets still serve, until theirs come", async () => {
    const { id, a, b, first, second, ofFirst } = await two();
    const viewer = await watch(ofFirst, { clusterId: id });
    const old = await serve(id, await first.assignment(ofFirst));
    first.say({ type: "draining" });
    await leads(second, true, [b]);
    await leads(first, false, [b]);
    await vi.waitFor(() => expect(first.wants).toEqual([]), 10_000);
    const moved = await second.assignment(ofFirst);
    expect(old.closed).toBeNull();
    const states = (await cluster(id).linkedBridges()).map((each) => [each.bridgeId, each.isDraining]);
    expect(new Map(states as [string, boolean][])).toEqual(
      new Map([
        [a, true],
        [b, false],
      ]),
    );
    await serve(id, moved);
    expect(await old.isClosed()).toMatchObject({ code: closes.superseded.code });
    expect(viewer.closed).toBeNull();
  });

  it("leave its terminals to a draining one that is alone", async () => {
    const id = fresh("cluster-");
    const terminal = freshTerminal();
    const only = await linkSharing(id, fresh("bridge-"));
    await cluster(id).want(terminal);
    const before = await only.assignment(terminal);
    only.say({ type: "draining" });
    await leads(only, false, []);
    expect(only.wants).toEqual([before]);
    const next = fresh("bridge-");
    const other = await linkSharing(id, next);
    await other.assignment(terminal);
    await leads(other, true, [next]);
  });

  it("know that a process has ended when another begins in its place", async () => {
    const { id, a, b, first, second } = await two();
    const [c, d] = [fresh("bridge-"), fresh("bridge-")];
    const third = await linkSharing(id, c, { instance: "pod-1" });
    await leads(second, false, [a, b, c]);
    third.socket.close(4999);
    const fourth = await linkSharing(id, d, { instance: "pod-1" });
    await leads(fourth, false, [a, b, d]);
    await leads(first, true, [a, b, d]);
  });

  it("give the lease at once to the process that follows the leader in its place", async () => {
    const id = fresh("cluster-");
    const leader = await linkSharing(id, fresh("bridge-"), { instance: "pod-1" });
    await vi.waitFor(() => expect(leader.duties?.lease).toBe(true), 10_000);
    const next = fresh("bridge-");
    const follower = await linkSharing(id, next, { instance: "pod-1" });
    await leads(follower, true, [next]);
    expect(await leader.isClosed()).toMatchObject({ code: closes.superseded.code });
  });

  it("give way to an older one that cannot share, and it to them", async () => {
    const { id, first, second, ofFirst, ofSecond } = await two();
    const old = await link(id);
    expect(await first.isClosed()).toMatchObject({ code: closes.superseded.code });
    expect(await second.isClosed()).toMatchObject({ code: closes.superseded.code });
    expect(new Set(old.wants.map((want) => want.terminal))).toEqual(new Set([ofFirst, ofSecond]));
    expect(old.received.map((message) => message.type)).not.toContain("duties");
    const next = fresh("bridge-");
    const newer = await linkSharing(id, next);
    expect(await old.isClosed()).toMatchObject({ code: closes.superseded.code });
    await leads(newer, true, [next]);
    await newer.assignment(ofFirst);
  });

  it("keep the lease from others for a while when the leader's token is revoked; its terminals move at once", async () => {
    const id = fresh("cluster-");
    const [a, b] = [fresh("bridge-"), fresh("bridge-")];
    const own = terminalsOf([a, b]);
    const first = await linkSharing(id, a, { tokenId: "tok-9" });
    const second = await linkSharing(id, b);
    await cluster(id).want(own.get(a) ?? "");
    await first.assignment(own.get(a) ?? "");
    await cluster(id).revoke("tok-9");
    expect(await first.isClosed()).toMatchObject({ code: closes.bridgeRevoked.code });
    await second.assignment(own.get(a) ?? "");
    await leads(second, false, [b]);
    await pass(id, timing.linkSilentAfterMs, second, b);
    await leads(second, true, [b]);
  });

  it("are as many as there are links: one link takes no second name, so that nothing grows with its names", async () => {
    const id = fresh("cluster-");
    const own = fresh("bridge-");
    const peer = await linkSharing(id, own);
    await leads(peer, true, [own]);
    peer.say(sharingHello(fresh("bridge-")));
    expect(await peer.isClosed()).toMatchObject({ code: closes.badFrame.code });
    const back = await linkSharing(id, own);
    await leads(back, true, [own]);
  });
});
