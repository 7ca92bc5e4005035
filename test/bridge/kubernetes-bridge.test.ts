/** A whole bridge over pods, as the edge sees it: what befalls a cluster reaches people, and ends. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { objectName } from "../../bridge/runtime/kubernetes/manifests/names.ts";
import { places } from "../../bridge/runtime/kubernetes/manifests/places.ts";
import { Supervisor } from "../../bridge/supervisor.ts";
import type { DesiredEnvironment } from "../../durable-objects/protocol/bridge-api.ts";
import { mainWindow, terminalId } from "../../durable-objects/protocol/vocabulary.ts";
import { resourceOf } from "../support/kubernetes/api/resources.ts";
import { desiredEnvironment } from "./runtime/contract.ts";
import { type ClusterGround, makeGround, namespace, podOn } from "./runtime/kubernetes/ground.ts";
import { FakeEdge, token } from "./support/edge.ts";

const within = { timeout: 20_000, interval: 20 };

describe("a bridge over pods", { timeout: 60_000 }, () => {
  let ground: ClusterGround;
  let edge: FakeEdge;
  let supervisor: Supervisor;

  const open = () => {
    const identity = { url: edge.url, token, bridgeId: crypto.randomUUID() };
    supervisor = new Supervisor({ runtime: ground.open(), edge: identity, version: "test", log: () => {} });
    void supervisor.start();
  };
  beforeEach(async () => {
    ground = await makeGround();
    edge = await new FakeEdge().start();
    open();
    await vi.waitUntil(() => edge.link !== null, within);
  });
  afterEach(async () => {
    await supervisor.stop();
    await edge.stop();
    await ground.dispose();
  });

  const start = async (change: Partial<DesiredEnvironment> = {}) => {
    const environment = desiredEnvironment(change);
    edge.desire(environment);
    await becomes(environment.id, { phase: "running" });
    return environment;
  };
  const becomes = (id: string, change: object) =>
    vi.waitFor(() => expect(edge.reported(id)).toMatchObject(change), within);
  const watch = async (id: string) => {
    const end = await edge.watch(terminalId(id, mainWindow));
    return { end, ...(await end.join()) };
  };

  it("brings an environment up, passes typing and output, stops it and deletes it", async () => {
    const environment = await start({ startup_commands: ["echo made > made"] });
    const { ask } = await watch(environment.id);
    expect(await ask("cat made; echo $((6*7))")).toMatch(/^made\s+42$/);
    edge.desire({ ...environment, desired: "stopped" });
    await becomes(environment.id, { phase: "stopped", reason: null });
    edge.desire({ ...environment, desired: "deleted" });
    await becomes(environment.id, { phase: "gone" });
    await vi.waitUntil(() => ground.cluster.store.list(resourceOf("pods")).length === 0, within);
  });

  it("brings back by itself what ran out of memory, and says so to who looks", async () => {
    const { id } = await start();
    const { ask, shows } = await watch(id);
    await ask("echo before-$((1+1))");
    // What is on the screen is saved a while after the last output.
    const saved = ["grep", "-c", "before-2", `${places.home}/.devpocket/session.json`];
    await vi.waitUntil(async () => (await podOn(ground, id).run(saved)).exitCode === 0, within);
    ground.cluster.node.oomKill(namespace, objectName(id));
    await becomes(id, { phase: "running", reason: "out_of_memory" });
    await shows(/before-2[\s\S]*restored after a restart/);
    expect(await ask("echo $((6*7))")).toBe("42");
    await becomes(id, { phase: "running", reason: null });
  });

  it("tells what an image, a quota and a full cluster keep from running, each to its own people", async () => {
    ground.cluster.images.set("nowhere:1", "missing");
    const imageless = desiredEnvironment({ image: "nowhere:1" });
    const good = desiredEnvironment();
    edge.desire(imageless);
    edge.desire(good);
    await becomes(imageless.id, { phase: "error", reason: "image_pull_failed" });
    await becomes(good.id, { phase: "running" });
    ground.cluster.node.cordon();
    const homeless = desiredEnvironment();
    edge.desire(homeless);
    await becomes(homeless.id, { phase: "provisioning", reason: "unschedulable" });
    ground.cluster.images.set("nowhere:1", {});
    ground.cluster.node.cordon(null);
    await becomes(homeless.id, { phase: "running", reason: null });
    await becomes(imageless.id, { phase: "running", reason: null });
  });

  it("takes no environment for wrong while the API server is away, and goes on when it is back", async () => {
    const { id } = await start();
    const { ask } = await watch(id);
    const pid = await ask("echo $$");
    await ground.cluster.stopServing();
    const wanted = desiredEnvironment();
    edge.desire(wanted);
    await vi.waitUntil(() => ground.logged.some(({ detail }) => detail["state"] === "unavailable"), within);
    await becomes(wanted.id, { phase: "provisioning", reason: "unavailable" });
    await ground.cluster.serveAgain();
    await becomes(wanted.id, { phase: "running" });
    expect(edge.reports.flat().filter(({ phase }) => phase === "error")).toEqual([]);
    const phases = edge.reports.flatMap((report) => report.filter((each) => each.environment_id === id));
    const first = phases.findIndex(({ phase }) => phase === "running");
    expect(new Set(phases.slice(first).map(({ phase }) => phase))).toEqual(new Set(["running"]));
    const again = await watch(id);
    expect(await again.ask("echo $$")).toBe(pid);
  });

  it("shows another bridge's viewers the same shell", async () => {
    const { id } = await start();
    const { ask } = await watch(id);
    const pid = await ask("echo $$");
    const { link } = edge;
    await supervisor.stop();
    open();
    await vi.waitUntil(() => edge.link !== link, within);
    const again = await watch(id);
    expect(await again.ask("echo $$")).toBe(pid);
  });
});
