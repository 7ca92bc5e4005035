/**
 * Check 25: a bridge speaks for its own cluster and nobody else's, by whatever way it tries, and a revoked one is gone
 * from its live sockets too.
 */
import { beforeAll, describe, expect, it } from "vitest";
import {
  assignmentHeader,
  assignmentSecretHeader,
  bridgeIdHeader,
  bridgeProtocol,
} from "../../../durable-objects/protocol/bridge-link.ts";
import { DataPeer, fresh, LinkPeer } from "../../durable-objects/peers.ts";
import { newAdmin } from "../administration/support.ts";
import { newCluster } from "../environments/world.ts";
import { call, type Person } from "../support/api.ts";
import { bearer, closeOf, dial, offering, open, refusal, running, terminalPath } from "../support/sockets.ts";

let admin: Person;
beforeAll(async () => {
  admin = await newAdmin();
});

const dialBridge = (token: string, path: string, headers: Record<string, string> = {}) =>
  dial(`/api/v1/bridge/${path}`, {
    ...bearer(token),
    ...offering(bridgeProtocol),
    [bridgeIdHeader]: "bridge-of-test",
    ...headers,
  });

async function openLink(token: string): Promise<LinkPeer> {
  const link = new LinkPeer(await dialBridge(token, "link"));
  link.say({ type: "hello", bridge_id: fresh("bridge-"), version: "1", runtime: "kubernetes" });
  await link.has({ type: "want" });
  return link;
}

/** Two clusters, an environment in the first with somebody watching, and the links of both bridges. */
async function twoClusters() {
  const home = await running();
  const stranger = await newCluster();
  const [link, strangersLink] = [await openLink(home.cluster.token), await openLink(stranger.token)];
  const viewer = await open(terminalPath(home.id), bearer(home.person.token));
  const { assignment, secret, terminal } = await link.assignment(`${home.id}/main`);
  const shown = { [assignmentHeader]: String(assignment), [assignmentSecretHeader]: secret };
  const read = async () => (await call(`GET /api/v1/environments/${home.id}`, { token: home.person.token })).body;
  return {
    home,
    stranger,
    link,
    strangersLink,
    viewer,
    path: `terminals/${encodeURIComponent(terminal)}`,
    shown,
    read,
  };
}

describe("a bridge of another cluster", () => {
  it("is not told of an environment, and is not asked about it", async () => {
    const { home, stranger, strangersLink } = await twoClusters();
    const desired = await call("GET /api/v1/bridge/desired", { token: stranger.token });
    expect(desired.body["environments"]).toEqual([]);
    expect(strangersLink.wants).toEqual([]);
    await call(`GET /api/v1/environments/${home.id}/logs`, { token: home.person.token });
    expect(strangersLink.received.map(({ type }) => type)).toEqual(["want"]);
  });

  it("moves nothing by its reports and its readings", async () => {
    const { home, stranger, read } = await twoClusters();
    const before = await read();
    for (const phase of ["stopped", "error", "gone", "running"]) {
      const observed = [
        {
          environment_id: home.id,
          generation: 99,
          phase,
          status_message: "mine",
          reason: "mine",
          installation_completed: true,
        },
      ];
      const json = { bridge_id: "stranger", runtime: "kubernetes", observed };
      expect((await call("POST /api/v1/bridge/report", { token: stranger.token, json })).status).toBe(200);
    }
    const readings = { cpu_usage: 99, memory_usage: 99, storage_usage: 99, network_in: 1, network_out: 1, uptime: 1 };
    const sample = {
      environment_id: home.id,
      readings: { ...readings, timestamp: new Date().toISOString() },
      last_activity: null,
    };
    const json = { bridge_id: "stranger", samples: [sample] };
    expect((await call("POST /api/v1/bridge/telemetry", { token: stranger.token, json })).status).toBe(204);
    const { last_accessed: _then, ...same } = before;
    expect(await read()).toMatchObject(same);
  });

  it("gets no terminal, not even with the assignment of the right one", async () => {
    const { stranger, path, shown, viewer } = await twoClusters();
    expect(await refusal(await dialBridge(stranger.token, path, shown))).toBe("unwanted");
    expect(await refusal(await dialBridge(stranger.token, path, { ...shown, [assignmentHeader]: "999" }))).toBe(
      "unwanted",
    );
    expect(viewer.closed).toBeNull();
  });
});

describe("a bridge's assignment", () => {
  it("is worth nothing without its secret", async () => {
    const { home, path, shown } = await twoClusters();
    const guessed = { ...shown, [assignmentSecretHeader]: "x".repeat(32) };
    expect(await refusal(await dialBridge(home.cluster.token, path, guessed))).toBe("superseded");
  });
});

describe("a revoked bridge", () => {
  it("loses its link and its terminals at once, and comes in by no way again", async () => {
    const { home, link, path, shown, viewer } = await twoClusters();
    const data = new DataPeer(await dialBridge(home.cluster.token, path, shown));
    data.hello({ epoch: "e", seq: 0 });
    await data.has({ type: "snapshot" });
    const revoke = `DELETE /api/v1/clusters/${home.cluster.id}/tokens/${home.cluster.tokenId}`;
    expect((await call(revoke, { token: admin.accessToken })).status).toBe(200);
    expect([await closeOf(link), await closeOf(data)]).toEqual(["bridgeRevoked", "bridgeRevoked"]);
    expect(viewer.closed).toBeNull();

    expect(await refusal(await dialBridge(home.cluster.token, "link"))).toBe("unauthenticated");
    expect(await refusal(await dialBridge(home.cluster.token, path, shown))).toBe("unauthenticated");
    const json = { bridge_id: "revoked", runtime: "kubernetes", observed: [], samples: [] };
    for (const route of ["GET /api/v1/bridge/desired", "POST /api/v1/bridge/report", "POST /api/v1/bridge/telemetry"]) {
      const answer = await call(route, { token: home.cluster.token, ...(route.startsWith("POST") ? { json } : {}) });
      expect([route, answer.status]).toEqual([route, 401]);
    }
  });
});
