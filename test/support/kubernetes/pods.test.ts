/** Lines 21-25 and what else befalls pods: each failure with the reason and the words a real cluster has for it. */
import { existsSync } from "node:fs";
import type { V1ContainerState, V1Pod } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Client,
  clientOf,
  eventually,
  isRunning,
  namespace,
  open,
  podOf,
  podThat,
  run,
  runningPod,
} from "./client.ts";
import { type FakeCluster, startFakeCluster } from "./cluster.ts";

let cluster: FakeCluster;
let client: Client;

beforeAll(async () => {
  cluster = await startFakeCluster({
    namespaces: [namespace],
    images: { "gone:1": "missing", "bare:1": { hides: ["/usr/bin/tmux"] } },
    storageClasses: [
      { name: "standard", isDefault: true, waitsForConsumer: true, isDynamic: true, allowsExpansion: true },
      { name: "local", waitsForConsumer: true, staticVolumes: 1, reclaimPolicy: "Retain" },
      { name: "immediate", isDynamic: true },
    ],
  });
  client = clientOf(cluster);
});
afterAll(() => cluster.close());

const create = (name: string, ...rest: [script?: string, change?: Partial<V1Pod["spec"]>]) =>
  client.core.createNamespacedPod({ namespace, body: podOf(name, ...rest) });
const stateOf = (pod: V1Pod): V1ContainerState | undefined => pod.status?.containerStatuses?.[0]?.state;
const lastOf = (pod: V1Pod): V1ContainerState | undefined => pod.status?.containerStatuses?.[0]?.lastState;
const waitsFor = (reason: string) => (pod: V1Pod) => stateOf(pod)?.waiting?.reason === reason;
const withImage = (image: string) => ({ containers: [{ name: "main", image }] });
const claim = (name: string, storageClassName?: string) =>
  client.core.createNamespacedPersistentVolumeClaim({
    namespace,
    body: {
      metadata: { name },
      spec: {
        accessModes: ["ReadWriteOnce"],
        ...(storageClassName === undefined ? {} : { storageClassName }),
        resources: { requests: { storage: "1Gi" } },
      },
    },
  });
const withClaim = (claimName: string, change: object = {}) => ({
  containers: [
    {
      ...podOf("x").spec?.containers[0],
      name: "main",
      volumeMounts: [{ name: "data", mountPath: "/data", ...change }],
    },
  ],
  volumes: [{ name: "data", persistentVolumeClaim: { claimName } }],
});
const phaseOfClaim = async (name: string) =>
  (await client.core.readNamespacedPersistentVolumeClaim({ name, namespace })).status?.phase;
const eventsOf = async (name: string) => {
  const { items } = await client.core.listNamespacedEvent({ namespace, fieldSelector: `involvedObject.name=${name}` });
  return items.map(({ reason, message }) => `${reason}: ${message}`);
};

/** PID 1 of a container, in this machine's counting; with it goes everything in it. */
const isAlive = (pid: number | null) => pid !== null && existsSync(`/proc/${pid}`);

describe("pods", () => {
  it("run init containers one after another, then the rest, as user 1000 with nothing to write but their own", async () => {
    const second = {
      name: "second",
      image: "tools:1",
      command: ["sh", "-c", "cat /shared/first > /shared/second"],
      volumeMounts: [{ name: "shared", mountPath: "/shared" }],
    };
    const first = { ...second, name: "first", command: ["sh", "-c", "echo from-first > /shared/first"] };
    const main = {
      ...second,
      name: "main",
      command: ["sh", "-c", "cat /shared/second; id -u; touch /x /usr/x /etc/x; exec sleep 600"],
    };
    await runningPod(client, "init", "", {
      initContainers: [first, second],
      containers: [main],
      volumes: [{ name: "shared", emptyDir: {} }],
    });
    await eventually(async () =>
      /^from-first\n1000\n(touch: .*\n){3}$/.test(await client.core.readNamespacedPodLog({ name: "init", namespace })),
    );
    const init = (await client.core.readNamespacedPod({ name: "init", namespace })).status?.initContainerStatuses;
    expect(init?.map(({ state }) => state?.terminated?.reason)).toEqual(["Completed", "Completed"]);
  });

  it("see Secrets and ConfigMaps as variables and as files, and changes of the files", async () => {
    const body = { metadata: { name: "values" }, stringData: { PLAIN: "x", LINES: "one\ntwo" } };
    await client.core.createNamespacedSecret({ namespace, body });
    const [container] = podOf("x").spec?.containers ?? [];
    const mounted = {
      ...container,
      name: "main",
      envFrom: [{ secretRef: { name: "values" } }],
      volumeMounts: [{ name: "files", mountPath: "/files" }],
    };
    await runningPod(client, "values", "", {
      containers: [mounted],
      volumes: [{ name: "files", secret: { secretName: "values" } }],
    });
    const shell = (script: string) => run(client, "values", ["sh", "-c", script]).then(({ output }) => output);
    expect(await shell('printf "<%s>" "$LINES"; cat /files/PLAIN; touch /files/y 2>&1 | grep -o Read-only')).toBe(
      "<one\ntwo>xRead-only\n",
    );
    await client.core.replaceNamespacedSecret({
      name: "values",
      namespace,
      body: { ...body, stringData: { PLAIN: "changed" } },
    });
    await eventually(async () => (await shell("cat /files/PLAIN; ls /files")) === "changedPLAIN\n");
  });

  it("21: PID 1 that ignores TERM lives to the end of its grace period; one that traps it goes at once", async () => {
    await runningPod(client, "stubborn", "exec sleep 600");
    await runningPod(client, "polite");
    const pid = cluster.node.pidOf(namespace, "stubborn");
    await client.core.deleteNamespacedPod({ name: "polite", namespace, gracePeriodSeconds: 30 });
    await client.core.deleteNamespacedPod({ name: "stubborn", namespace });
    const names = async () =>
      (await client.core.listNamespacedPod({ namespace })).items.map(({ metadata }) => metadata?.name);
    await eventually(async () => !(await names()).includes("polite"), { timeout: 20_000 });
    await eventually(async () => !(await names()).includes("stubborn"), { timeout: 20_000 });
    expect(isAlive(pid)).toBe(false);
  });

  it("21: a deleted pod takes every process along, also what daemonised", async () => {
    await runningPod(
      client,
      "daemons",
      "setsid sleep 601 & setsid sh -c 'trap \"\" TERM HUP; sleep 602' & trap 'exit 0' TERM; sleep 603 & wait $!",
    );
    const before = cluster.node.pidOf(namespace, "daemons");
    const inside = await run(client, "daemons", ["sh", "-c", "ls /proc | grep -c '^[0-9]'"]);
    expect(Number(inside.output)).toBeGreaterThan(4);
    await client.core.deleteNamespacedPod({ name: "daemons", namespace, gracePeriodSeconds: 0 });
    await eventually(() => !isAlive(before), { timeout: 20_000 });
  });

  it("22: out of memory ends the whole container, which starts again", async () => {
    await runningPod(client, "hungry", "sleep 600 & exec sleep 600");
    cluster.node.oomKill(namespace, "hungry");
    const pod = await podThat(
      client,
      "hungry",
      (each) => (each.status?.containerStatuses?.[0]?.restartCount ?? 0) === 1 && isRunning(each),
    );
    expect(lastOf(pod)?.terminated).toMatchObject({ reason: "OOMKilled", exitCode: 137 });
  });

  it("22: without a restart the reason stays to be read", async () => {
    await runningPod(client, "starved", "exec sleep 600", { restartPolicy: "Never" });
    cluster.node.oomKill(namespace, "starved");
    const pod = await podThat(client, "starved", ({ status }) => status?.phase === "Failed");
    expect(stateOf(pod)?.terminated).toMatchObject({ reason: "OOMKilled", exitCode: 137 });
  });

  it("23: fsGroup opens a claim to a user that is not root, and does nothing for a hostPath", async () => {
    await claim("grouped");
    await runningPod(client, "grouped", "", withClaim("grouped"));
    expect((await run(client, "grouped", ["sh", "-c", "touch /data/x && echo ok"])).output).toBe("ok\n");
    await claim("closed");
    await runningPod(client, "closed", "", { ...withClaim("closed"), securityContext: { runAsUser: 1000 } });
    const refused = await open(client, "closed", ["touch", "/data/x"]);
    await refused.status;
    expect(refused.errors()).toContain("Permission denied");
  });

  it("24: growing a claim whose class cannot is a 403, changing access modes a 422", async () => {
    await claim("fixed", "immediate");
    const patch = (spec: object) =>
      client.core.patchNamespacedPersistentVolumeClaim({
        name: "fixed",
        namespace,
        body: [{ op: "replace", ...spec }],
      });
    await eventually(async () => (await phaseOfClaim("fixed")) === "Bound");
    await expect(patch({ path: "/spec/resources/requests/storage", value: "2Gi" })).rejects.toMatchObject({
      code: 403,
      body: expect.stringContaining("must support resize"),
    });
    await expect(patch({ path: "/spec/accessModes", value: ["ReadWriteMany"] })).rejects.toMatchObject({
      code: 422,
      body: expect.stringContaining("spec is immutable after creation"),
    });
  });
});

describe("claims", () => {
  it("wait for their first consumer, and a class with no volume left says so to the pod", async () => {
    await claim("local-1", "local");
    await claim("local-2", "local");
    expect(await phaseOfClaim("local-1")).toBe("Pending");
    await runningPod(client, "local-1", "", withClaim("local-1"));
    expect(await phaseOfClaim("local-1")).toBe("Bound");
    await create("local-2", "", withClaim("local-2"));
    const pod = await podThat(client, "local-2", ({ status }) => status?.conditions?.[0]?.reason === "Unschedulable");
    expect(pod.status?.conditions?.[0]?.message).toContain("didn't find available persistent volumes to bind");
    await client.core.deleteNamespacedPod({ name: "local-1", namespace });
    await client.core.deleteNamespacedPersistentVolumeClaim({ name: "local-1", namespace });
    const phase = async () => (await client.core.readPersistentVolume({ name: "local-0" })).status?.phase;
    await eventually(async () => (await phase()) === "Released", { timeout: 20_000 });
    await client.core.patchPersistentVolume({ name: "local-0", body: [{ op: "remove", path: "/spec/claimRef" }] });
    await podThat(client, "local-2", isRunning);
  });

  it("stay as long as a pod uses them, keep their files between pods, and lose them with the claim", async () => {
    await claim("kept");
    await runningPod(client, "writer", "", withClaim("kept", { subPath: "workspace" }));
    await run(client, "writer", ["sh", "-c", "echo kept > /data/file"]);
    await client.core.deleteNamespacedPersistentVolumeClaim({ name: "kept", namespace });
    expect(await phaseOfClaim("kept")).toBe("Bound");
    await client.core.deleteNamespacedPod({ name: "writer", namespace });
    await eventually(async () => (await phaseOfClaim("kept").catch(() => "gone")) === "gone", { timeout: 20_000 });
  });
});

describe("failures", () => {
  it("Unschedulable, with the scheduler's words and an Event", async () => {
    await create("huge", "true", {
      containers: [{ name: "main", image: "a:1", resources: { requests: { memory: "999Gi" } } }],
    });
    const pod = await podThat(client, "huge", ({ status }) => status?.conditions?.[0]?.reason === "Unschedulable");
    expect(pod.status).toMatchObject({
      phase: "Pending",
      conditions: [
        { type: "PodScheduled", message: expect.stringContaining("0/1 nodes are available: 1 Insufficient memory.") },
      ],
    });
    expect(await eventsOf("huge")).toEqual([expect.stringContaining("FailedScheduling: 0/1 nodes")]);
  });

  it("ErrImagePull, then ImagePullBackOff, until the image is there", async () => {
    await create("pulled", "", { ...withImage("gone:1") });
    const pod = await podThat(client, "pulled", waitsFor("ImagePullBackOff"));
    expect(stateOf(pod)?.waiting?.message).toContain('Back-off pulling image "gone:1"');
    expect(await eventsOf("pulled")).toContainEqual(expect.stringContaining("docker.io/library/gone:1: not found"));
    cluster.images.set("gone:1", {});
    await podThat(client, "pulled", ({ status }) => status?.phase === "Running");
    await create("named", "", withImage("Bad Name"));
    await podThat(client, "named", waitsFor("InvalidImageName"));
  });

  it("CrashLoopBackOff with the last exit beside it, and StartError for a program that is not there", async () => {
    await create("crashing", "echo why; exit 7");
    const pod = await podThat(client, "crashing", waitsFor("CrashLoopBackOff"));
    expect(lastOf(pod)?.terminated).toMatchObject({ exitCode: 7, reason: "Error" });
    expect(await client.core.readNamespacedPodLog({ name: "crashing", namespace, previous: true })).toBe("why\n");
    await create("absent", "", {
      containers: [{ name: "main", image: "bare:1", command: ["tmux"] }],
      restartPolicy: "Never",
    });
    const absent = await podThat(client, "absent", ({ status }) => status?.phase === "Failed");
    expect(stateOf(absent)?.terminated).toMatchObject({
      exitCode: 128,
      reason: "StartError",
      message: expect.stringContaining('exec: "tmux": executable file not found'),
    });
  });

  it("Evicted, and a container that would run as root where it must not", async () => {
    await runningPod(client, "evicted");
    await cluster.node.evict(namespace, "evicted");
    const pod = await podThat(client, "evicted", ({ status }) => status?.phase === "Failed");
    expect(pod.status).toMatchObject({ reason: "Evicted", message: expect.stringContaining("low on resource") });
    await create("root", "", { securityContext: { runAsNonRoot: true } });
    await podThat(client, "root", waitsFor("CreateContainerConfigError"));
  });
});
