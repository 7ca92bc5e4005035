/** What only a cluster has: objects that come and go, images that are not there, pods that others delete. */
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import type { KubernetesRuntime } from "../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import { objectName } from "../../bridge/runtime/kubernetes/manifests/names.ts";
import { becomesUp, desiredEnvironment } from "../bridge/runtime/contract.ts";
import { viewerOf } from "../bridge/support/viewer.ts";
import { patience } from "../support/wait-until.ts";
import { type Connection, connect, orNull } from "./connection.ts";
import { type ClusterGround, makeGround } from "./ground.ts";
import { readSettings } from "./settings.ts";

const size = { cols: 100, rows: 30 };
const inTime = { timeout: 20_000 * patience, interval: 100 };
const { namespace, labels, volumeObstacle } = inject("cluster");
const hasVolumes = volumeObstacle === null;
const name = hasVolumes
  ? "environments on this cluster"
  : `environments on this cluster: need a volume, and it says: ${volumeObstacle}`;

describe.skipIf(!hasVolumes)(name, () => {
  let connection: Connection;
  let ground: ClusterGround;
  let runtime: KubernetesRuntime;

  beforeEach(async () => {
    connection = connect(readSettings().kubeconfig);
    ground = await makeGround();
    runtime = ground.open();
  });
  afterEach(async () => {
    await runtime.close();
    await ground.dispose();
  });

  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const apply = (action: Parameters<KubernetesRuntime["apply"]>[0]) =>
    runtime.apply(action, AbortSignal.timeout(20_000 * patience));
  const start = async (change: Parameters<typeof desiredEnvironment>[0] = {}) => {
    const environment = desiredEnvironment(change);
    await apply({ kind: "start", environment });
    await becomesUp(runtime, environment.id);
    return environment;
  };
  const observed = async (id: string) => (await runtime.observe()).find((each) => each.environment_id === id);
  const ask = async (id: string, command: string) => {
    const stream = await runtime.attach(id, "main", size);
    const answer = await viewerOf(stream, size).ask(command);
    stream.close();
    return answer;
  };
  /** Kinds and names of what carries this run's label. */
  const ours = async () => {
    const { core } = connection;
    const lists = await Promise.all([
      core.listNamespacedPod({ namespace, labelSelector }),
      core.listNamespacedPersistentVolumeClaim({ namespace, labelSelector }),
      core.listNamespacedSecret({ namespace, labelSelector }),
      core.listNamespacedService({ namespace, labelSelector }),
    ]);
    return lists.map(({ items }) => items.length);
  };

  it("leaves the volume when it stops, and nothing when it is deleted", async () => {
    const { id } = await start({ port: 8080 });
    expect(await ours()).toEqual([1, 1, 2, 1]);
    await apply({ kind: "stop", environmentId: id });
    await vi.waitUntil(async () => (await ours())[0] === 0, inTime);
    expect((await ours())[1]).toBe(1);
    await apply({ kind: "delete", environmentId: id });
    await vi.waitUntil(async () => (await ours()).every((count) => count === 0), inTime);
  });

  it("keeps variables out of the pod's spec, and gives the environment no token of the cluster", async () => {
    const { id } = await start({ environment_variables: { SECRET: "kept-to-itself" } });
    const pod = await connection.core.readNamespacedPod({ name: objectName(id), namespace });
    expect(JSON.stringify(pod)).not.toContain("kept-to-itself");
    expect(await ask(id, "echo $SECRET; ls /var/run/secrets/kubernetes.io 2>&1 | grep -c 'No such'; id -u")).toMatch(
      /^kept-to-itself\s+1\s+1000$/,
    );
  });

  // A registry that no node has: it is refused at once, where a name would be asked for until all resolvers were silent.
  it("says that an image is not there, and lets go of it", async () => {
    const environment = desiredEnvironment({ image: "127.0.0.1:1/not-there:1" });
    await apply({ kind: "start", environment }).catch(() => {});
    await vi.waitUntil(async () => (await observed(environment.id))?.reason === "image_pull_failed", inTime);
    expect(await observed(environment.id)).toMatchObject({ phase: "error" });
    await apply({ kind: "delete", environmentId: environment.id });
  });

  it("sees that its pod was deleted by hand, and starts again with its files", async () => {
    const environment = await start();
    await ask(environment.id, "echo kept > file");
    await connection.core.deleteNamespacedPod({ name: objectName(environment.id), namespace });
    await vi.waitUntil(async () => (await observed(environment.id))?.phase === "stopped", inTime);
    await apply({ kind: "start", environment: { ...environment, generation: 2 } });
    await becomesUp(runtime, environment.id);
    expect(await ask(environment.id, "cat file")).toBe("kept");
  });

  it("finishes a deletion that began while no bridge was there", async () => {
    const { id } = await start();
    await runtime.close();
    await connection.core.deleteNamespacedPersistentVolumeClaim({ name: objectName(id), namespace });
    runtime = ground.open();
    const isGone = async () =>
      (await orNull(connection.core.readNamespacedPersistentVolumeClaim({ name: objectName(id), namespace }))) === null;
    await vi.waitUntil(isGone, inTime);
  });
});
