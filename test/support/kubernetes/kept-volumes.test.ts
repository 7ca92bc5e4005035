/** What `npm run test:cluster` does with volumes, on a fake cluster with one local volume that outlives its claims. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Connection, connect, untilUsable } from "../../cluster/connection.ts";
import { runErrand } from "../../cluster/errands.ts";
import { aliveNow, removeKilled } from "../../cluster/killed-runs.ts";
import { beginRun, type ClusterUnderTest, clear, endRun } from "../../cluster/run.ts";
import { type ClusterSettings, readSettings } from "../../cluster/settings.ts";
import { fieldsAt } from "./api/objects.ts";
import { resourceOf } from "./api/resources.ts";
import { type FakeCluster, startFakeCluster } from "./cluster.ts";

let cluster: FakeCluster;
let directory: string;
let settings: ClusterSettings;
let connection: Connection;
let run: ClusterUnderTest;

beforeEach(async () => {
  const local = { name: "local", isDefault: true, waitsForConsumer: true, staticVolumes: 1 };
  cluster = await startFakeCluster({ storageClasses: [{ ...local, reclaimPolicy: "Retain" }] });
  directory = await mkdtemp(join(tmpdir(), "kept-volumes-"));
  const path = join(directory, "kubeconfig");
  await writeFile(path, cluster.kubeconfig());
  settings = readSettings({ KUBECONFIG: path, DEVPOCKET_TEST_IMAGE: "debian:12" });
  connection = connect(path);
  run = await beginRun(settings);
}, 60_000);
afterEach(async () => {
  await endRun(run, settings);
  await cluster.close();
  await rm(directory, { recursive: true });
}, 60_000);

const claim = (name: string, { namespace, labels } = run, finalizers: string[] = []) =>
  connection.core.createNamespacedPersistentVolumeClaim({
    namespace,
    body: {
      metadata: { name, labels, finalizers },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
    },
  });
const errand = (claimName: string, script: string, where = run) =>
  runErrand(connection, { ...where, claimName, script });
const leave = "mkdir -p /volume/workspace/left && chmod 500 /volume/workspace /volume/workspace/left";
const isEmpty = 'test -z "$(ls -A /volume)"';

it("empties and offers again what a claim that a test deleted has left", async () => {
  expect(run.volumeObstacle).toBeNull();
  await claim("first");
  expect(await errand("first", leave)).toBeNull();
  await connection.core.deleteNamespacedPersistentVolumeClaim({ name: "first", namespace: run.namespace });
  await clear(connection, run);
  await claim("second");
  expect(await errand("second", isEmpty)).toBeNull();
}, 60_000);

it("offers again what the cluster failed to delete, and leaves what is not of environments", async () => {
  const volumes = resourceOf("persistentvolumes");
  const [volume] = cluster.store.list(volumes);
  if (volume === undefined) throw new Error("there is no volume");
  const spec = { ...fieldsAt(volume, "spec"), persistentVolumeReclaimPolicy: "Delete" };
  cluster.store.put(volumes, { ...volume, spec });
  await claim("first");
  expect(await errand("first", `${leave}; mkdir /volume/lost+found`)).toBeNull();
  await connection.core.deleteNamespacedPersistentVolumeClaim({ name: "first", namespace: run.namespace });
  await clear(connection, run);
  await claim("second");
  expect(
    await errand("second", "[ -d /volume/lost+found ] && rmdir /volume/lost+found && [ ! -e /volume/workspace ]"),
  ).toBeNull();
}, 60_000);

it("removes what a run that was killed has left, and leaves one that lives", async () => {
  const others = ["devpocket-test-00000000", "devpocket-test-11111111"].map((namespace) => ({
    ...run,
    namespace,
    labels: { "devpocket.app/cluster": namespace.replace("devpocket-", "") },
  }));
  const [killed = run, alive = run] = others;
  for (const { namespace: name, labels } of others) {
    await connection.core.createNamespace({ body: { metadata: { name, labels, annotations: aliveNow() } } });
    await untilUsable(connection, name);
  }
  const labels = { ...killed.labels, "app.kubernetes.io/component": "owner" };
  const person = `${killed.namespace}-${"a".repeat(20)}`;
  await connection.core.createNamespace({ body: { metadata: { name: person, labels } } });
  await claim("left", killed, ["devpocket.app/environment"]);
  expect(await errand("left", leave, killed)).toBeNull();
  const looks = () => cluster.requests.all.filter(({ verb, resource }) => `${verb} ${resource}` === "list namespaces");
  const before = looks().length;
  const removed = removeKilled(connection, run, 2_000);
  const body = [{ op: "replace", path: "/metadata/annotations/devpocket.app~1alive-at", value: "now" }];
  await vi.waitUntil(() => looks().length > before, 10_000);
  await connection.core.patchNamespace({ name: alive.namespace, body });
  await removed;
  const { items } = await connection.core.listNamespace();
  const names = items.map(({ metadata }) => metadata?.name);
  expect(names).toContain(alive.namespace);
  expect(names).not.toContain(killed.namespace);
  expect(names).not.toContain(person);
  await claim("next");
  expect(await errand("next", isEmpty)).toBeNull();
  await connection.core.deleteNamespace({ name: alive.namespace });
}, 60_000);

it("serves somebody who may do nothing outside one namespace", async () => {
  await connection.core.createNamespace({ body: { metadata: { name: "shared" } } });
  await untilUsable(connection, "shared");
  const token = cluster.tokens.issue("worker", [
    { verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespace: "shared" },
  ]);
  const path = join(directory, "worker");
  await writeFile(path, cluster.kubeconfig({ token }));
  const variables = { KUBECONFIG: path, DEVPOCKET_TEST_IMAGE: "debian:12" };
  await expect(beginRun(readSettings(variables))).rejects.toThrow("DEVPOCKET_TEST_NAMESPACE");
  const theirs = readSettings({ ...variables, DEVPOCKET_TEST_NAMESPACE: "shared" });
  const shared = await beginRun(theirs);
  expect(shared).toMatchObject({ namespace: "shared", volumeObstacle: null, missingRight: "get pods" });
  await endRun(shared, theirs);
  const { items } = await connection.core.listNamespacedPersistentVolumeClaim({ namespace: "shared" });
  expect(items).toEqual([]);
});

it("says of volumes that may not be offered again that they would be used up", async () => {
  const token = cluster.tokens.issue("reader", [
    { verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespace: "default" },
    { verbs: ["get", "list"], apiGroups: ["*"], resources: ["persistentvolumes", "storageclasses"] },
  ]);
  const path = join(directory, "reader");
  await writeFile(path, cluster.kubeconfig({ token }));
  const theirs = readSettings({
    KUBECONFIG: path,
    DEVPOCKET_TEST_IMAGE: "debian:12",
    DEVPOCKET_TEST_NAMESPACE: "default",
  });
  const once = await beginRun(theirs);
  expect(once.volumeObstacle).toContain("may not be offered again");
  await endRun(once, theirs);
}, 60_000);

it("does not take a claim that the scheduler has not seen for an obstacle", async () => {
  const done = errand("late", "true");
  const isRefused = async () => {
    const { items } = await connection.core.listNamespacedPod({ namespace: run.namespace });
    return items.some(({ status }) => status?.conditions?.some(({ message }) => message?.includes("not found")));
  };
  await expect.poll(isRefused, { timeout: 20_000 }).toBe(true);
  await claim("late");
  expect(await done).toBeNull();
});
