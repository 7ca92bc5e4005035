/** What befalls environments in a cluster, what is told of it, and that the runtime brings them back. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { KubernetesRuntime } from "../../../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import { objectName } from "../../../../bridge/runtime/kubernetes/manifests/names.ts";
import type { DesiredEnvironment, ObservedEnvironment } from "../../../../durable-objects/protocol/bridge-api.ts";
import { clientOf } from "../../../support/kubernetes/client.ts";
import { endOf, viewerOf } from "../../support/viewer.ts";
import { desiredEnvironment } from "../contract.ts";
import { type ClusterGround, makeGround, namespace } from "./ground.ts";

const size = { cols: 80, rows: 24 };
const within = { timeout: 15_000, interval: 20 };

describe("trouble in a cluster", { timeout: 60_000 }, () => {
  let ground: ClusterGround;
  let runtime: KubernetesRuntime;

  const begin = async (...options: Parameters<typeof makeGround>) => {
    ground = await makeGround(...options);
    runtime = ground.open();
  };
  beforeEach(() => begin());
  afterEach(async () => {
    await runtime.close();
    await ground.dispose();
  });
  const anew = async (...options: Parameters<typeof makeGround>) => {
    await runtime.close();
    await ground.dispose();
    await begin(...options);
  };

  const apply = (action: Parameters<KubernetesRuntime["apply"]>[0]) =>
    runtime.apply(action, AbortSignal.timeout(30_000));
  const start = async (change: Partial<DesiredEnvironment> = {}) => {
    const environment = desiredEnvironment(change);
    await apply({ kind: "start", environment });
    // Where that takes long, the step is over before it has come to anything.
    const isUndecided = ({ phase, reason }: ObservedEnvironment) =>
      phase === "provisioning" && (reason === null || reason === "pending");
    await vi.waitUntil(async () => {
      const found = await seen(environment.id);
      return found !== undefined && !isUndecided(found);
    }, within);
    return environment;
  };
  const comesUp = async (environment: DesiredEnvironment) => {
    await apply({ kind: "start", environment });
    await becomes(environment.id, { phase: "running" });
  };
  const seen = async (id: string) => (await runtime.observe()).find((each) => each.environment_id === id);
  const becomes = (id: string, change: Partial<ObservedEnvironment>) =>
    vi.waitFor(async () => expect(await seen(id)).toMatchObject(change), within);
  const attach = async (id: string, window = "main") => {
    const stream = await runtime.attach(id, window, size);
    return { stream, ...viewerOf(stream, size) };
  };
  const podOf = (id: string) => ({ name: objectName(id), namespace });

  it("tells of an image that does not exist, and goes on for everybody else", async () => {
    ground.cluster.images.set("nobody/has-this:1", "missing");
    const [bad] = await Promise.all([start({ image: "nobody/has-this:1" }), start()]);
    expect(await seen(bad.id)).toMatchObject({ phase: "error", reason: "image_pull_failed" });
    expect((await seen(bad.id))?.status_message).toContain("nobody/has-this:1");
    expect((await runtime.observe()).map(({ phase }) => phase).sort()).toEqual(["error", "running"]);
    ground.cluster.images.set("nobody/has-this:1", {});
    await becomes(bad.id, { phase: "running", reason: null, installation_completed: true });
  });

  it("tells what a quota refuses, leaves nothing half-made, and does it when there is room", async () => {
    const { core } = clientOf(ground.cluster);
    const body = { metadata: { name: "small" }, spec: { hard: { pods: "0" } } };
    await core.createNamespacedResourceQuota({ namespace, body });
    const environment = desiredEnvironment();
    await expect(apply({ kind: "start", environment })).rejects.toMatchObject({ reason: "quota_exceeded" });
    await vi.waitFor(async () => expect(await seen(environment.id)).toBeUndefined(), within);
    const claims = await core.listNamespacedPersistentVolumeClaim({ namespace });
    expect(claims.items).toEqual([]);
    await core.deleteNamespacedResourceQuota({ name: "small", namespace });
    await comesUp(environment);
    expect(await seen(environment.id)).toMatchObject({ phase: "running" });
  });

  it("tells that no machine has room", async () => {
    ground.cluster.node.cordon();
    const { id } = await start();
    expect(await seen(id)).toMatchObject({ phase: "provisioning", reason: "unschedulable" });
    ground.cluster.node.cordon(null);
    await becomes(id, { phase: "running", reason: null });
  });

  it("tells that the cluster has no storage", async () => {
    await anew({ storageClasses: [] });
    const { id } = await start();
    await becomes(id, { phase: "error", reason: "no_storage" });
  });

  it("brings a session back after the container ran out of memory, and says what happened", async () => {
    const environment = await start();
    const prompt = await attach(environment.id);
    await prompt.ask("mkdir -p deep; cd deep; echo kept-$((1+1))");
    await runtime.close();
    runtime = ground.open();
    await becomes(environment.id, { phase: "running" });
    ground.cluster.node.oomKill(namespace, objectName(environment.id));
    await becomes(environment.id, { phase: "stopped", reason: "out_of_memory" });
    await comesUp(environment);
    expect(await seen(environment.id)).toMatchObject({
      phase: "running",
      reason: "out_of_memory",
      status_message: expect.stringMatching(/ran out of memory.*Session restored: 1 window/),
    });
    const again = await attach(environment.id);
    await again.shows(/kept-2[\s\S]*restored after a restart/);
    expect(await again.ask("basename $PWD")).toBe("deep");
    expect(await seen(environment.id)).toMatchObject({ phase: "running", reason: null, status_message: null });
    // Also for a bridge that comes later, or serves it beside this one.
    await vi.waitFor(async () => {
      const other = ground.open();
      expect((await other.observe())[0]).toMatchObject({ reason: null });
      await other.close();
    }, within);
  });

  it("takes an evicted pod's place", async () => {
    const environment = await start();
    const prompt = await attach(environment.id);
    const ended = endOf(prompt.stream);
    await ground.cluster.node.evict(namespace, objectName(environment.id));
    await ended;
    await becomes(environment.id, { phase: "stopped", reason: "evicted" });
    await comesUp(environment);
    expect(await seen(environment.id)).toMatchObject({ phase: "running", reason: "evicted" });
  });

  it("notices a pod that was deleted by hand, and a shell server that was killed", async () => {
    const environment = await start();
    const prompt = await attach(environment.id);
    await prompt.ask("echo still > here");
    const { core } = clientOf(ground.cluster);
    await core.deleteNamespacedPod(podOf(environment.id));
    await becomes(environment.id, { phase: "stopped", reason: "lost" });
    await comesUp(environment);
    const again = await attach(environment.id);
    expect(await again.ask("cat here")).toBe("still");
    again.stream.write(
      "kill -9 $(ps -eo pid,args | awk '/[t]mux.*new-session/ {print $1}' | head -1); pkill -9 -x tmux\r",
    );
    await becomes(environment.id, { phase: "stopped", reason: "lost" });
    await comesUp(environment);
    expect(await seen(environment.id)).toMatchObject({ phase: "running" });
  });

  it("keeps what it knows while the API server is away, and takes no environment for wrong", async () => {
    const environment = await start();
    const resting = await start();
    await apply({ kind: "stop", environmentId: resting.id });
    await ground.cluster.stopServing();
    expect(await seen(environment.id)).toMatchObject({ phase: "running", reason: null });
    const failed = runtime.apply({ kind: "start", environment: resting }, AbortSignal.timeout(30_000));
    await expect(failed).rejects.toMatchObject({ code: "unavailable", reason: "unavailable" });
    expect((await runtime.observe()).map(({ phase }) => phase).sort()).toEqual(["running", "stopped"]);
    await ground.cluster.serveAgain();
    await comesUp(resting);
    expect(await seen(resting.id)).toMatchObject({ phase: "running" });
    expect(await (await attach(environment.id)).ask("echo $((6*7))")).toBe("42");
  });

  it("knows nothing, rather than that there is nothing, before it has seen anything", async () => {
    await start();
    await runtime.close();
    ground.cluster.faults.add({ on: { verb: "list" }, mishap: { kind: "status", code: 503 } });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    runtime = ground.open();
    const observed = expect(runtime.observe()).rejects.toMatchObject({ code: "unavailable" });
    await vi.advanceTimersByTimeAsync(10_000);
    vi.useRealTimers();
    await observed;
    ground.cluster.faults.clear();
  });

  it.each(["cut", "end", "expire"] as const)("sees what happens after its watches were ended: %s", async (how) => {
    const environment = await start();
    ground.cluster.watches[how]();
    await clientOf(ground.cluster).core.deleteNamespacedPod(podOf(environment.id));
    await becomes(environment.id, { phase: "stopped", reason: "lost" });
  });

  it("tells the operator of a token that was revoked, and no environment is wrong for it", async () => {
    const { id } = await start();
    await runtime.close();
    const token = ground.cluster.tokens.issue("bridge");
    runtime = ground.open({ token });
    expect(await seen(id)).toMatchObject({ phase: "running" });
    ground.cluster.tokens.revoke(token);
    ground.cluster.watches.cut();
    const told = () => ground.logged.find(({ detail }) => detail["state"] === "unauthorized");
    await vi.waitUntil(told, within);
    expect(JSON.stringify(ground.logged)).not.toContain(token);
    expect(await seen(id)).toMatchObject({ phase: "running", reason: null });
    await expect(apply({ kind: "stop", environmentId: id })).rejects.toMatchObject({ reason: "unavailable" });
  });

  it("tells a missing right as the operator's, by name in the log only", async () => {
    const rules = [
      { verbs: ["get", "list", "watch", "create", "patch", "delete"], resources: ["persistentvolumeclaims", "pods"] },
      { verbs: ["list", "watch"], resources: ["configmaps"] },
    ];
    const token = ground.cluster.tokens.issue("bridge", rules);
    await runtime.close();
    runtime = ground.open({ token });
    const environment = desiredEnvironment();
    const failure = await apply({ kind: "start", environment }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ reason: "forbidden" });
    expect(String(failure)).not.toMatch(/secrets|configmaps/);
    const errors = ground.logged.map(({ detail }) => String(detail["error"]));
    expect(errors.join()).toMatch(/User "bridge" cannot (get|patch) resource "(secrets|configmaps)"/);
  });

  it("finishes a deletion that was asked for while nobody was there", async () => {
    const { id } = await start();
    const other = await start();
    await runtime.close();
    const { core } = clientOf(ground.cluster);
    await core.deleteNamespacedPersistentVolumeClaim(podOf(id));
    runtime = ground.open();
    await vi.waitFor(async () => expect(await seen(id)).toBeUndefined(), within);
    await vi.waitFor(async () => {
      const pods = await core.listNamespacedPod({ namespace });
      expect(pods.items.map(({ metadata }) => metadata?.name)).toEqual([objectName(other.id)]);
    }, within);
    expect(await seen(other.id)).toMatchObject({ phase: "running" });
  });

  it("removes everything with the claim, by its owner references", async () => {
    const { id } = await start({ port: 8080, environment_variables: { SECRET: "x" } });
    const { core } = clientOf(ground.cluster);
    const left = async () => {
      const lists = await Promise.all([
        core.listNamespacedPod({ namespace }),
        core.listNamespacedPersistentVolumeClaim({ namespace }),
        core.listNamespacedSecret({ namespace }),
        core.listNamespacedService({ namespace }),
      ]);
      return lists.flatMap(({ items }) => items.map(({ metadata }) => metadata?.name));
    };
    expect(await left()).toHaveLength(5);
    await apply({ kind: "delete", environmentId: id });
    await vi.waitFor(async () => expect(await left()).toEqual([]), within);
  });

  it("has a service for the port that there is, and none when there is none any more", async () => {
    const environment = await start({ port: 3000 });
    const { core } = clientOf(ground.cluster);
    const ports = async () =>
      (await core.listNamespacedService({ namespace })).items.map(({ spec }) =>
        spec?.ports?.map(({ port, targetPort }) => [port, targetPort]),
      );
    expect(await ports()).toEqual([[[3000, 3000]]]);
    await apply({ kind: "restart", environment: { ...environment, generation: 2, port: 3001 } });
    expect(await ports()).toEqual([[[3001, 3001]]]);
    await apply({ kind: "restart", environment: { ...environment, generation: 3, port: null } });
    expect(await ports()).toEqual([]);
    await core.createNamespacedService({
      namespace,
      body: { metadata: { name: objectName(environment.id) }, spec: { ports: [{ port: 80 }] } },
    });
    await apply({ kind: "restart", environment: { ...environment, generation: 4, port: null } });
    expect(await ports()).toHaveLength(1);
  });

  it("never touches what is not ours, whatever its labels and its name say", async () => {
    const { core } = clientOf(ground.cluster);
    const environment = desiredEnvironment();
    const name = objectName(environment.id);
    const labels = {
      "devpocket.app/environment": environment.id,
      "devpocket.app/cluster": "default",
      "app.kubernetes.io/component": "environment",
    };
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    const made = await core.createNamespacedPersistentVolumeClaim({
      namespace,
      body: { metadata: { name, labels }, spec },
    });
    expect(await seen(environment.id)).toBeUndefined();
    await expect(apply({ kind: "start", environment })).rejects.toMatchObject({ code: "refused", reason: "refused" });
    await apply({ kind: "delete", environmentId: environment.id });
    const after = await core.readNamespacedPersistentVolumeClaim({ name, namespace });
    expect(after.metadata?.uid).toBe(made.metadata?.uid);
    expect(after.metadata?.managedFields?.map(({ manager }) => manager)).not.toContain("devpocket-bridge");
    const secrets = await core.listNamespacedSecret({ namespace });
    expect(secrets.items).toEqual([]);
  });

  it("makes a volume larger at the next start, and says so where that cannot be", async () => {
    const gibibyte = 2 ** 30;
    const resources = { cpu_millicores: 500, memory_bytes: gibibyte, storage_bytes: gibibyte };
    const environment = await start({ resources });
    const larger = { ...environment, generation: 2, resources: { ...resources, storage_bytes: 2 * gibibyte } };
    await apply({ kind: "restart", environment: larger });
    const { core } = clientOf(ground.cluster);
    const asked = async () =>
      (await core.readNamespacedPersistentVolumeClaim(podOf(environment.id))).spec?.resources?.requests?.["storage"];
    expect(await asked()).toBe("2Gi");
    await apply({ kind: "restart", environment: { ...environment, generation: 3 } });
    expect(await asked()).toBe("2Gi");
    await anew({ storageClasses: [{ name: "rigid", isDefault: true, isDynamic: true, waitsForConsumer: true }] });
    const rigid = await start({ resources });
    await apply({ kind: "restart", environment: { ...larger, id: rigid.id } });
    await becomes(rigid.id, { phase: "running", reason: "storage_not_resized", generation: 2 });
  });

  it("refuses what the cluster cannot even read, with its words", async () => {
    const message = 'Secret in version "v1" cannot be handled as a Secret: quantities must match';
    const body = { kind: "Status", apiVersion: "v1", status: "Failure", reason: "BadRequest", message, code: 400 };
    const on = { verb: "patch", resource: "secrets" };
    ground.cluster.faults.add({ on, mishap: { kind: "status", code: 400, body } });
    const environment = desiredEnvironment();
    await expect(apply({ kind: "start", environment })).rejects.toMatchObject({ code: "refused", reason: "rejected" });
    await vi.waitFor(async () => expect(await seen(environment.id)).toBeUndefined(), within);
  });

  it("asks the cluster nothing but its watches while nothing changes", async () => {
    await Promise.all([start(), start(), start()]);
    ground.cluster.requests.clear();
    for (let turn = 0; turn < 50; turn += 1) await runtime.observe();
    const watches = ["watch pods", "watch persistentvolumeclaims", "watch events"];
    const counts = Object.entries(ground.cluster.requests.counts());
    expect(counts.filter(([name]) => !watches.includes(name))).toEqual([]);
    expect(counts.reduce((sum, [, count]) => sum + count, 0)).toBeLessThanOrEqual(3);
  });
});
