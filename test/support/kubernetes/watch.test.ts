/** Lines 16, 18, 20: the API client's ways, watches and informers, metrics. */
import {
  ApiException,
  CoreV1Api,
  type Informer,
  Metrics,
  makeInformer,
  type RequestContext,
  setHeaderOptions,
  type V1ConfigMap,
  Watch,
} from "@kubernetes/client-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Client, clientOf, eventually, namespace, runningPod } from "./client.ts";
import { type FakeCluster, startFakeCluster } from "./cluster.ts";

let cluster: FakeCluster;
let client: Client;

beforeEach(async () => {
  cluster = await startFakeCluster({ namespaces: [namespace] });
  client = clientOf(cluster);
});
afterEach(() => cluster.close());

const path = `/api/v1/namespaces/${namespace}/configmaps`;
const create = (name: string, labels: Record<string, string> = {}) =>
  client.core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels } } });

interface Watching {
  events: string[];
  done: Promise<unknown>;
}

async function watch(query: Record<string, string | boolean>): Promise<Watching> {
  const events: string[] = [];
  let finish: (error: unknown) => void = () => {};
  const done = new Promise((resolve) => {
    finish = resolve;
  });
  await new Watch(client.config).watch(
    path,
    query,
    (type, object: { metadata?: { name?: string }; code?: number }) =>
      events.push(`${type} ${object.metadata?.name ?? object.code ?? ""}`.trim()),
    (error) => finish(error),
  );
  return { events, done };
}

const versionNow = async () =>
  (await client.core.listNamespacedConfigMap({ namespace })).metadata?.resourceVersion ?? "";

async function informer(): Promise<{ informer: Informer<V1ConfigMap>; seen: string[]; errors: unknown[] }> {
  const list = () => client.core.listNamespacedConfigMap({ namespace });
  const made = makeInformer(client.config, path, list);
  const [seen, errors]: [string[], unknown[]] = [[], []];
  made.on("add", (object) => seen.push(`add ${object.metadata?.name}`));
  made.on("delete", (object) => seen.push(`delete ${object.metadata?.name}`));
  made.on("error", (error) => errors.push(error));
  await made.start();
  await eventually(() => cluster.watches.count === 1);
  return { informer: made, seen, errors };
}

/** Options that end a call with the signal; the library has no other way. */
function withSignal(signal: AbortSignal): ReturnType<typeof setHeaderOptions> {
  const options = setHeaderOptions("Accept", "application/json");
  const middleware = (options.middleware ?? []).map((each) => ({
    pre(context: RequestContext) {
      context.setSignal(signal);
      return each.pre(context);
    },
    post: each.post,
  }));
  return { ...options, middleware };
}

describe("watches", () => {
  it("tell what is there, then every change, through the selector", async () => {
    await create("before", { app: "x" });
    const { events } = await watch({ labelSelector: "app=x" });
    await create("other");
    const made = await create("after", { app: "x" });
    await client.core.replaceNamespacedConfigMap({
      name: "after",
      namespace,
      body: { ...made, metadata: { ...made.metadata, labels: {} } },
    });
    await eventually(() => events.length === 3);
    expect(events).toEqual(["ADDED before", "ADDED after", "DELETED after"]);
  });

  it("replay from a version, send bookmarks, and end in order", async () => {
    const from = await versionNow();
    await create("one");
    const { events, done } = await watch({ resourceVersion: from, allowWatchBookmarks: true });
    cluster.watches.bookmark();
    await eventually(() => events.length === 2);
    expect(events).toEqual(["ADDED one", "BOOKMARK"]);
    cluster.watches.end();
    expect(await done).toBeNull();
  });

  it("say 410 as an ERROR event for a version that is forgotten, and to watches that are open", async () => {
    const from = await versionNow();
    await create("one");
    cluster.store.compact();
    const late = await watch({ resourceVersion: from });
    expect(await late.done).toBeNull();
    expect(late.events).toEqual(["ERROR 410"]);
    const open = await watch({ resourceVersion: await versionNow() });
    cluster.watches.expire();
    await open.done;
    expect(open.events).toEqual(["ERROR 410"]);
  });

  it("18: a network error stops an informer for good, and its cache goes stale in silence until start()", async () => {
    const { informer: running, seen, errors } = await informer();
    cluster.watches.cut();
    await eventually(() => errors.length === 1);
    await create("missed");
    expect(seen).toEqual([]);
    expect(cluster.watches.count).toBe(0);
    await running.start();
    await eventually(() => seen.length === 1);
    expect(seen).toEqual(["add missed"]);
    await running.stop();
  });

  it("18: a stalled watch stays connected and tells nothing", async () => {
    const { informer: running, seen, errors } = await informer();
    cluster.watches.stall();
    await create("missed");
    expect((await client.core.listNamespacedConfigMap({ namespace })).items).toHaveLength(1);
    expect([seen, errors, cluster.watches.count]).toEqual([[], [], 1]);
    await running.stop();
  });

  it("18: stop() itself emits an error; dates in events are texts", async () => {
    const { informer: running, errors } = await informer();
    let created: unknown;
    running.on("add", (object) => {
      created = object.metadata?.creationTimestamp;
    });
    await create("dated");
    await eventually(() => created !== undefined);
    expect(created).toEqual(expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/));
    await running.stop();
    await eventually(() => errors.length === 1);
  });
});

describe("the API client", () => {
  it("16: an ApiException has a number for a code and a text for a body", async () => {
    const error: unknown = await client.core
      .readNamespacedPod({ name: "none", namespace })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiException);
    expect(error).toMatchObject({ code: 404, body: expect.stringMatching(/^\{"kind":"Status"/) });
  });

  it("16: a request that is frozen ends with its own deadline; cut and refused ones at once", async () => {
    const unfreeze = cluster.faults.add({ on: { verb: "list", resource: "pods" }, mishap: { kind: "freeze" } });
    const options = withSignal(AbortSignal.timeout(200));
    await expect(client.core.listNamespacedPod({ namespace }, options)).rejects.toThrow();
    unfreeze();
    cluster.faults.add({ on: { resource: "pods" }, mishap: { kind: "cut" }, times: 1 });
    await expect(client.core.listNamespacedPod({ namespace })).rejects.toThrow();
    cluster.faults.add({ on: ({ verb }) => verb === "list", mishap: { kind: "status", code: 503 }, times: 1 });
    await expect(client.core.listNamespacedPod({ namespace })).rejects.toMatchObject({ code: 503 });
    await client.core.listNamespacedPod({ namespace });
  });

  it("a token can be revoked, and a server can go away and come back", async () => {
    const token = cluster.tokens.issue("bridge");
    const its = clientOf(cluster, token).config.makeApiClient(CoreV1Api);
    await its.listNamespacedPod({ namespace });
    cluster.tokens.revoke(token);
    await expect(its.listNamespacedPod({ namespace })).rejects.toMatchObject({ code: 401 });
    await cluster.stopServing();
    await expect(client.core.listNamespacedPod({ namespace })).rejects.toThrow();
    await cluster.serveAgain();
    await client.core.listNamespacedPod({ namespace });
    expect(cluster.requests.attempts()).toEqual(["list pods"]);
    expect(cluster.requests.exposition()).toContain('apiserver_request_total{verb="LIST",resource="pods"} 3');
  });

  it("20: metrics in nanocores and kibibytes, 0 at first, 404 when absent, unparsable when down", async () => {
    await runningPod(client, "pod");
    const metrics = new Metrics(client.config);
    cluster.metrics.delayMs = 60_000;
    const usage = async () => (await metrics.getPodMetrics(namespace)).items[0]?.containers[0]?.usage;
    expect(await usage()).toEqual({ cpu: "0", memory: "0" });
    cluster.metrics.delayMs = 0;
    expect(await usage()).toEqual({
      cpu: expect.stringMatching(/^\d+n$/),
      memory: expect.stringMatching(/^[1-9]\d*Ki$/),
    });
    cluster.metrics.state = "not installed";
    await expect(usage()).rejects.toMatchObject({ code: 500 });
    cluster.metrics.state = "down";
    await expect(usage()).rejects.toMatchObject({ code: 500, body: {} });
  });
});
