/** A whole bridge with a namespace for each person, as the edge sees it: from the first environment to after the last. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Supervisor } from "../../bridge/supervisor.ts";
import type { DesiredEnvironment } from "../../durable-objects/protocol/bridge-api.ts";
import { resourceOf } from "../support/kubernetes/api/resources.ts";
import { desiredEnvironment } from "./runtime/contract.ts";
import { type ClusterGround, makeGround, namespace, ownerWith } from "./runtime/kubernetes/ground.ts";
import { FakeEdge, token } from "./support/edge.ts";

const within = { timeout: 20_000, interval: 20 };
const ann = ownerWith({ id: `usr_${"a".repeat(20)}` });
const place = `${namespace}-${"a".repeat(20)}`;

describe("a bridge with a namespace for each person", { timeout: 60_000 }, () => {
  let ground: ClusterGround;
  let edge: FakeEdge;
  let supervisor: Supervisor;

  const serve = (namespacePerUser: boolean) => {
    const identity = { url: edge.url, token, bridgeId: crypto.randomUUID() };
    const runtime = ground.open({ settings: { namespacePerUser } });
    supervisor = new Supervisor({ runtime, edge: identity, version: "test", log: () => {} });
    void supervisor.start();
  };
  beforeEach(async () => {
    ground = await makeGround();
    edge = await new FakeEdge().start();
    serve(true);
    await vi.waitUntil(() => edge.link !== null, within);
  });
  afterEach(async () => {
    await supervisor.stop();
    await edge.stop();
    await ground.dispose();
  });

  const becomes = (id: string, change: object) =>
    vi.waitFor(() => expect(edge.reported(id)).toMatchObject(change), within);
  const isThere = () => ground.cluster.store.get(resourceOf("namespaces"), undefined, place) !== undefined;
  const podsAllowed = () =>
    ground.cluster.store
      .list(resourceOf("resourcequotas"), place)
      .map(({ spec }) => (spec as { hard: Record<string, string> }).hard["pods"]);

  it("follows an owner's plan, and leaves nothing behind", async () => {
    const environment: DesiredEnvironment = desiredEnvironment({ owner: ann });
    edge.desire(environment);
    await becomes(environment.id, { phase: "running", reason: null });
    expect(podsAllowed()).toEqual(["4"]);
    edge.desire({ ...environment, owner: { ...ann, max_environments: 8 } });
    await vi.waitFor(() => expect(podsAllowed()).toEqual(["9"]), within);
    expect(edge.reported(environment.id)).toMatchObject({ phase: "running", generation: 1 });
    edge.desire({ ...environment, desired: "deleted" });
    await becomes(environment.id, { phase: "gone" });
    await vi.waitFor(() => expect(isThere()).toBe(false), within);
  });

  it("says of an environment that has no owner why it does not run, and goes on with the others", async () => {
    const [nobodys, anns] = [desiredEnvironment(), desiredEnvironment({ owner: ann })];
    edge.desire(nobodys);
    edge.desire(anns);
    await becomes(anns.id, { phase: "running" });
    await becomes(nobodys.id, { phase: "error", reason: "refused" });
    expect(edge.reported(nobodys.id)?.status_message).toContain("does not say whose environment this is");
    edge.desire({ ...nobodys, owner: ann, generation: 2 });
    await becomes(nobodys.id, { phase: "running", generation: 2, reason: null });
  });

  it("turned off does nothing, tells those who run the cluster why, and forgets nobody", async () => {
    const environment = desiredEnvironment({ owner: ann });
    edge.desire(environment);
    await becomes(environment.id, { phase: "running" });
    await supervisor.stop();
    const { length } = edge.reports;
    serve(false);
    const why = expect.stringContaining("turn namespacePerUser on again");
    await vi.waitFor(() => expect(edge.troubles).toContainEqual(why), within);
    for (const generation of [2, 3]) {
      const { pulls } = edge;
      edge.desire({ ...environment, desired: "deleted", generation });
      await vi.waitUntil(() => edge.pulls > pulls, within);
    }
    expect(edge.reports.slice(length)).toEqual([]);
    await supervisor.stop();
    serve(true);
    await becomes(environment.id, { phase: "gone", generation: 3 });
    await vi.waitFor(() => expect(isThere()).toBe(false), within);
  });
});
