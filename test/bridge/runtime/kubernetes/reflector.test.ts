/** A copy of a cluster's objects stays true through everything that happens to watches (kubernetes.md line 18). */
import { KubeConfig } from "@kubernetes/client-node";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiServer } from "../../../../bridge/runtime/kubernetes/client/api-server.ts";
import { Calls } from "../../../../bridge/runtime/kubernetes/client/calls.ts";
import type { ClusterProblem } from "../../../../bridge/runtime/kubernetes/client/problem.ts";
import { Reflector, silentAfterMs } from "../../../../bridge/runtime/kubernetes/observe/reflector.ts";
import { timestamp } from "../../../support/kubernetes/api/objects.ts";
import { resourceOf } from "../../../support/kubernetes/api/resources.ts";
import { type Client, clientOf } from "../../../support/kubernetes/client.ts";
import { type FakeCluster, startFakeCluster } from "../../../support/kubernetes/cluster.ts";

const namespace = "default";
const within = { timeout: 15_000, interval: 10 };

describe("a reflector", { timeout: 30_000 }, () => {
  let cluster: FakeCluster;
  let client: Client;
  let reflector: Reflector;
  let told: string[];
  let troubles: (ClusterProblem | null)[];

  beforeEach(async () => {
    cluster = await startFakeCluster();
    client = clientOf(cluster);
    told = [];
    troubles = [];
    const config = new KubeConfig();
    config.loadFromString(cluster.kubeconfig());
    reflector = new Reflector({
      calls: new Calls(new ApiServer(config), namespace),
      kind: "configmaps",
      selector: { labelSelector: "ours=yes" },
      onChange: (name, object) => told.push(`${object === null ? "-" : "+"}${name}`),
      onTrouble: (problem) => troubles.push(problem),
    });
    await make("first");
    await client.core.createNamespacedConfigMap({ namespace, body: { metadata: { name: "foreign" } } });
    reflector.start();
    await reflector.listed;
    await watching();
  });
  afterEach(async () => {
    reflector.stop();
    await cluster.close();
  });

  const make = (name: string) =>
    client.core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels: { ours: "yes" } } } });
  const remove = (name: string) => client.core.deleteNamespacedConfigMap({ name, namespace });
  const names = () => [...reflector.all()].map(({ metadata }) => metadata.name).sort();
  const watching = () => vi.waitUntil(() => cluster.watches.countOf("configmaps") === 1, within);
  const becomes = (...wanted: string[]) => vi.waitFor(() => expect(names()).toEqual(wanted), within);

  it("has what the selector finds, and tells what comes and goes", async () => {
    expect(names()).toEqual(["first"]);
    await make("second");
    await becomes("first", "second");
    await remove("first");
    await becomes("second");
    expect(told).toEqual(["+first", "+second", "-first"]);
  });

  it.each(["cut", "end", "expire"] as const)("misses nothing when its watch is over: %s", async (how) => {
    cluster.watches[how]();
    await remove("first");
    await make("second");
    await becomes("second");
    expect(told).toEqual(["+first", "-first", "+second"]);
  });

  it("misses nothing while the server is away and has forgotten everything before", async () => {
    await cluster.stopServing();
    await vi.waitUntil(() => troubles.length > 0, within);
    expect(troubles[0]).toMatchObject({ kind: "unavailable" });
    expect(names()).toEqual(["first"]);
    cluster.store.compact();
    await cluster.serveAgain();
    await make("second");
    await becomes("first", "second");
    expect(troubles.at(-1)).toBeNull();
  });

  it("gives up a watch that has died in silence", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
    reflector.stop();
    reflector = anew();
    reflector.start();
    await reflector.listed;
    await watching();
    cluster.watches.stall();
    await make("second");
    expect(names()).toEqual(["first"]);
    cluster.watches.unstall();
    await vi.advanceTimersByTimeAsync(silentAfterMs);
    vi.useRealTimers();
    await becomes("first", "second");
  });

  it("stays stopped", async () => {
    reflector.stop();
    await vi.waitUntil(() => cluster.watches.countOf("configmaps") === 0, within);
    cluster.requests.clear();
    cluster.watches.cut();
    await make("second");
    expect(names()).toEqual(["first"]);
    expect(cluster.requests.counts()["watch configmaps"]).toBeUndefined();
  });

  it("believes a call's answer at once, and an older event no more", async () => {
    const made = await make("second");
    await becomes("first", "second");
    const known = reflector.get("second", namespace);
    reflector.note("second", null, namespace);
    expect(names()).toEqual(["first"]);
    if (known !== undefined) reflector.note("second", known, namespace);
    expect(reflector.get("second", namespace)?.metadata.uid).toBe(made.metadata?.uid);
    const older = structuredClone(known);
    if (older === undefined) throw new Error("there is a second one");
    older.metadata.resourceVersion = "1";
    older.metadata.labels = {};
    reflector.note("second", older, namespace);
    expect(reflector.get("second", namespace)?.metadata.labels).toEqual({ ours: "yes" });
  });

  it("keeps objects of one name in several namespaces apart, where it watches all of them", async () => {
    const config = new KubeConfig();
    config.loadFromString(cluster.kubeconfig());
    const seen: string[] = [];
    const everywhere = new Reflector({
      calls: new Calls(new ApiServer(config), null),
      kind: "configmaps",
      selector: { labelSelector: "ours=yes" },
      onChange: (name, object, where) => seen.push(`${object === null ? "-" : "+"}${where}/${name}`),
      onTrouble: () => {},
    });
    everywhere.start();
    await everywhere.listed;
    const body = { metadata: { name: "first", labels: { ours: "yes" } } };
    await client.core.createNamespacedConfigMap({ namespace: "kube-system", body });
    await vi.waitUntil(() => seen.length === 2, within);
    await client.core.deleteNamespacedConfigMap({ name: "first", namespace: "kube-system" });
    await vi.waitUntil(() => seen.length === 3, within);
    everywhere.stop();
    expect(seen).toEqual(["+default/first", "+kube-system/first", "-kube-system/first"]);
    expect(everywhere.get("first", "default")?.metadata.namespace).toBe("default");
  });

  it("has all of what takes several pages, also where the server forgets the rest between two", async () => {
    const configMaps = resourceOf("configmaps");
    const labels = { ours: "yes" };
    for (let index = 0; index < 1_100; index += 1) {
      const metadata = { name: `many-${index}`, namespace, uid: `${index}`, labels, creationTimestamp: timestamp() };
      cluster.store.put(configMaps, {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { ...metadata, resourceVersion: "" },
      });
    }
    const pages: string[] = [];
    cluster.faults.add({
      on: ({ verb, resource, query }) => {
        if (verb !== "list" || resource !== "configmaps") return false;
        const hasContinue = new URLSearchParams(query).has("continue");
        if (hasContinue && pages.length === 1) cluster.pages.forget();
        pages.push(hasContinue ? "next" : "first");
        return false;
      },
      mishap: { kind: "cut" },
    });
    const late = anew();
    late.start();
    await late.listed;
    late.stop();
    expect([...late.all()]).toHaveLength(1_101);
    expect(pages).toEqual(["first", "next", "first", "next", "next"]);
  });

  function anew(): Reflector {
    const config = new KubeConfig();
    config.loadFromString(cluster.kubeconfig());
    const calls = new Calls(new ApiServer(config), namespace);
    return new Reflector({
      calls,
      kind: "configmaps",
      selector: { labelSelector: "ours=yes" },
      onChange: () => {},
      onTrouble: () => {},
    });
  }
});
