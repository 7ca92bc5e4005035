/** A bridge's token from its issue to its end, with the links it opens. */

import { createExecutionContext, createScheduledController, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { bridgeProtocol } from "../../../durable-objects/protocol/bridge-link.ts";
import worker from "../../../workers/index.ts";
import { fresh, LinkPeer, sharingHello } from "../../durable-objects/peers.ts";
import { auditedAbout, newAdmin } from "../administration/support.ts";
import { db, newWorld } from "../environments/world.ts";
import { type Answer, type Call, call, type Person } from "../support/api.ts";
import { validateAnswer } from "../support/document.ts";
import { bearer, closeOf, dial, offering, refusal } from "../support/sockets.ts";

let admin: Person;
beforeAll(async () => {
  admin = await newAdmin();
});

const send = async (route: string, options: Call = {}): Promise<Answer> => {
  const answer = await call(route, { token: admin.accessToken, ...options });
  validateAnswer(route, answer);
  return answer;
};
interface Issued {
  id: string;
  token: string;
}
const issue = async (clusterId: string, name = "frankfurt-1"): Promise<Issued> => {
  const answer = await send(`POST /api/v1/clusters/${clusterId}/tokens`, { json: { name } });
  expect(answer.status, answer.text).toBe(201);
  return { id: String(answer.body["id"]), token: String(answer.body["token"]) };
};
const dialLink = (token: string) => dial("/api/v1/bridge/link", { ...bearer(token), ...offering(bridgeProtocol) });
async function openLink(token: string): Promise<LinkPeer> {
  const link = new LinkPeer(await dialLink(token));
  link.say({ type: "hello", bridge_id: fresh("bridge-"), version: "1.2.3", runtime: "kubernetes" });
  await link.has({ type: "want" });
  return link;
}
const pull = async (token: string) => (await call("GET /api/v1/bridge/desired", { token })).status;
const listed = async (clusterId: string) =>
  (await send(`GET /api/v1/clusters/${clusterId}/tokens`)).body["tokens"] as Record<string, unknown>[];

describe("a bridge token", () => {
  it("is shown once, kept as a hash, and lets a bridge speak for its cluster", async () => {
    const { cluster } = await newWorld();
    const { id, token } = await issue(cluster.id);
    expect(token).toMatch(/^dp_bridge_[A-Za-z0-9_-]{43}$/);
    const tokens = await listed(cluster.id);
    expect(tokens.find((one) => one["id"] === id)).toEqual({
      id,
      name: "frankfurt-1",
      created_at: expect.any(String),
      last_used: null,
      expires_at: null,
    });
    const { rows } = await db.execute(sql`select token_hash from bridge_tokens where id = ${id}`);
    expect(rows).toEqual([{ token_hash: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
    expect(await pull(token)).toBe(200);
    const audited = await auditedAbout(id, 1);
    expect(audited).toMatchObject([
      { action: "bridge_token.issue", actorId: admin.userId, targetKind: "bridge_token" },
    ]);
    expect(JSON.stringify(audited)).not.toContain(token);
  });

  it("tells when it was last used, without a write for every request", async () => {
    const { cluster } = await newWorld();
    const { id, token } = await issue(cluster.id);
    const lastUsed = async () => (await listed(cluster.id)).find((one) => one["id"] === id)?.["last_used"];
    await pull(token);
    const first = await vi.waitUntil(lastUsed, 10_000);
    await pull(token);
    await pull(token);
    expect(await lastUsed()).toBe(first);
    await db.execute(sql`update bridge_tokens set last_used_at = now() - interval '6 minutes' where id = ${id}`);
    await pull(token);
    await vi.waitFor(async () => expect(String(await lastUsed()) >= String(first)).toBe(true), 10_000);
  });

  it("opens a link that closes when the token is revoked, and no other", async () => {
    const { cluster } = await newWorld();
    const { id, token } = await issue(cluster.id);
    const link = await openLink(token);
    const health = await send(`GET /api/v1/clusters/${cluster.id}/health`);
    expect(health.body["details"]).toMatchObject({
      bridge: { linked: true, version: "1.2.3", runtime: "kubernetes", linked_since: expect.any(String) },
      environments: { total: 0, max: 1000 },
    });
    expect((await send(`DELETE /api/v1/clusters/${cluster.id}/tokens/${id}`)).status).toBe(200);
    expect(await closeOf(link)).toBe("bridgeRevoked");
    expect([await refusal(await dialLink(token)), await pull(token)]).toEqual(["unauthenticated", 401]);
    expect((await send(`DELETE /api/v1/clusters/${cluster.id}/tokens/${id}`)).status).toBe(404);
    expect((await listed(cluster.id)).map((one) => one["id"])).not.toContain(id);
    expect(await pull(cluster.token)).toBe(200);
    expect((await auditedAbout(id, 2)).map(({ action }) => action)).toContain("bridge_token.revoke");
    const unlinked = await send(`GET /api/v1/clusters/${cluster.id}/health`);
    expect(unlinked.body["details"]).toMatchObject({ bridge: { linked: false, version: null } });
  });

  it("shows its bridges in the cluster's health, and what keeps the leading one from its work", async () => {
    const { cluster } = await newWorld();
    const { token } = await issue(cluster.id);
    const first = new LinkPeer(await dialLink(token));
    const [leader, follower] = [fresh("bridge-"), fresh("bridge-")];
    first.say({ ...sharingHello(leader), version: "1.2.3" });
    await first.has({ type: "duties", lease: true, bridges: [leader] });
    const second = new LinkPeer(await dialLink(token));
    second.say(sharingHello(follower));
    await second.has({ type: "duties", lease: false });
    const health = async () => (await send(`GET /api/v1/clusters/${cluster.id}/health`)).body;
    expect(await health()).toMatchObject({
      details: {
        bridge: { linked: true, version: "1.2.3" },
        bridges: [
          { id: leader, has_lease: true, terminals: 0, is_draining: false, trouble: null },
          { id: follower, has_lease: false },
        ],
      },
    });
    first.say({ type: "trouble", message: "The API server does not answer" });
    const trouble = "The cluster's bridge cannot do its work: The API server does not answer";
    await vi.waitFor(
      async () => expect(await health()).toMatchObject({ status: "unhealthy", message: trouble }),
      10_000,
    );
    first.say({ type: "trouble", message: null });
    await vi.waitFor(async () => expect((await health())["message"]).not.toContain("cannot do its work"), 10_000);
  });

  it("is replaced without an interruption: both are good for ten minutes, then the old one's link closes", async () => {
    const { cluster } = await newWorld();
    const old = await issue(cluster.id);
    const rotate = `POST /api/v1/clusters/${cluster.id}/tokens/${old.id}/rotate`;
    const rotated = await send(rotate, { json: {} });
    expect(rotated.status, rotated.text).toBe(201);
    expect(rotated.body).toMatchObject({ replaces: old.id, name: "frankfurt-1" });
    expect([await pull(old.token), await pull(String(rotated.body["token"]))]).toEqual([200, 200]);
    expect((await send(rotate, { json: {} })).status).toBe(404);
    const link = await openLink(old.token);
    const inMs = new Date(String(rotated.body["replaced_until"])).getTime() - Date.now();
    expect(inMs).toBeGreaterThan(9 * 60_000);
    expect(inMs).toBeLessThanOrEqual(10 * 60_000);

    await db.execute(sql`update bridge_tokens set revoked_at = now() where id = ${old.id}`);
    expect(await pull(old.token)).toBe(401);
    const context = createExecutionContext();
    await worker.scheduled(createScheduledController(), env, context);
    await waitOnExecutionContext(context);
    expect(await closeOf(link)).toBe("bridgeRevoked");
  });

  it("is replaced at once where that is asked for", async () => {
    const { cluster } = await newWorld();
    const old = await issue(cluster.id);
    const link = await openLink(old.token);
    const path = `/api/v1/clusters/${cluster.id}/tokens/${old.id}/rotate`;
    const answers = await Promise.all([1, 2, 3].map(() => send(`POST ${path}`, { json: { immediately: true } })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 404, 404]);
    expect(await closeOf(link)).toBe("bridgeRevoked");
    expect(await pull(old.token)).toBe(401);
    const rotated = answers.find(({ status }) => status === 201);
    expect(await pull(String(rotated?.body["token"]))).toBe(200);
  });

  it("is reached through its own cluster only", async () => {
    const [{ cluster }, { cluster: other }] = [await newWorld(), await newWorld()];
    const { id, token } = await issue(cluster.id);
    const path = `/api/v1/clusters/${other.id}/tokens/${id}`;
    expect((await send(`DELETE ${path}`)).status).toBe(404);
    expect((await send(`POST ${path}/rotate`, { json: {} })).status).toBe(404);
    expect((await send("POST /api/v1/clusters/nowhere/tokens", { json: { name: "x" } })).status).toBe(404);
    expect(await pull(token)).toBe(200);
  });

  it("ends with its cluster", async () => {
    const { cluster } = await newWorld();
    const { token } = await issue(cluster.id);
    const link = await openLink(token);
    expect((await send(`DELETE /api/v1/clusters/${cluster.id}`)).status).toBe(200);
    expect(await closeOf(link)).toBe("bridgeRevoked");
    expect(await pull(token)).toBe(401);
  });
});
