/** What `npm run test:cluster` does with volumes, on a fake cluster with one local volume that outlives its claims. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Connection, connect } from "../../cluster/connection.ts";
import { runErrand } from "../../cluster/errands.ts";
import { beginRun, type ClusterUnderTest, clear, endRun } from "../../cluster/run.ts";
import { type ClusterSettings, readSettings } from "../../cluster/settings.ts";
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
});
afterEach(async () => {
  await endRun(run, settings);
  await cluster.close();
  await rm(directory, { recursive: true });
});

const claim = (name: string) =>
  connection.core.createNamespacedPersistentVolumeClaim({
    namespace: run.namespace,
    body: {
      metadata: { name, labels: run.labels },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
    },
  });
const errand = (claimName: string, script: string) => runErrand(connection, { ...run, claimName, script });

it("empties and offers again what a claim that a test deleted has left", async () => {
  expect(run.volumeObstacle).toBeNull();
  await claim("first");
  expect(await errand("first", "mkdir -m 500 /volume/left")).toBeNull();
  await connection.core.deleteNamespacedPersistentVolumeClaim({ name: "first", namespace: run.namespace });
  await clear(connection, run);
  await claim("second");
  expect(await errand("second", 'test -z "$(ls -A /volume)"')).toBeNull();
});

it("serves somebody who may do nothing outside one namespace", async () => {
  await connection.core.createNamespace({ body: { metadata: { name: "shared" } } });
  const token = cluster.tokens.issue("worker", [
    { verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespace: "shared" },
  ]);
  const path = join(directory, "worker");
  await writeFile(path, cluster.kubeconfig({ token }));
  const variables = { KUBECONFIG: path, DEVPOCKET_TEST_IMAGE: "debian:12" };
  await expect(beginRun(readSettings(variables))).rejects.toThrow("DEVPOCKET_TEST_NAMESPACE");
  const theirs = readSettings({ ...variables, DEVPOCKET_TEST_NAMESPACE: "shared" });
  const shared = await beginRun(theirs);
  expect(shared).toMatchObject({ namespace: "shared", volumeObstacle: null });
  await endRun(shared, theirs);
  const { items } = await connection.core.listNamespacedPersistentVolumeClaim({ namespace: "shared" });
  expect(items).toEqual([]);
});

it("does not take a claim that the scheduler has not seen for an obstacle", async () => {
  const done = errand("late", "true");
  const isRefused = async () => {
    const { items } = await connection.core.listNamespacedPod({ namespace: run.namespace });
    return items.some(({ status }) => status?.conditions?.some(({ message }) => message?.includes("not found")));
  };
  await expect.poll(isRefused).toBe(true);
  await claim("late");
  expect(await done).toBeNull();
});
