/** A cluster to measure on: the one KUBECONFIG names, or a fake one in a process of its own. Both are driven alike. */
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiServer } from "../../../bridge/runtime/kubernetes/client/api-server.ts";
import { KubernetesRuntime } from "../../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import type { ManifestSettings } from "../../../bridge/runtime/kubernetes/manifests/settings.ts";
import type { DesiredEnvironment } from "../../../durable-objects/protocol/bridge-api.ts";
import { type Connection, connect } from "../../cluster/connection.ts";
import { beginRun, type ClusterUnderTest, clear, endRun } from "../../cluster/run.ts";
import { readSettings } from "../../cluster/settings.ts";
import { script, startChild } from "../child.ts";

export type StageKind = "fake" | "cluster";

export interface Stage {
  kind: StageKind;
  kubeconfig: string;
  run: ClusterUnderTest;
  manifests: ManifestSettings;
  connection: Connection;
  server: ApiServer;
  openRuntime(): KubernetesRuntime;
  /** One more environment that is wanted; nothing is done about it yet. */
  environment(change?: Partial<DesiredEnvironment>): DesiredEnvironment;
  /** Removes every environment. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export async function openStage(kind: StageKind): Promise<Stage> {
  const path = join(tmpdir(), `bench-${process.pid}.kubeconfig`);
  const serving = { endSignal: "SIGTERM", ready: /^(https:.+), kubeconfig in/ } as const;
  const fake = kind === "fake" ? await startChild(script("test/support/kubernetes/serve.ts", path), serving) : null;
  const variables = fake === null ? process.env : { KUBECONFIG: path, DEVPOCKET_TEST_IMAGE: "machine:1" };
  try {
    const settings = readSettings(variables);
    const run = await beginRun(settings);
    if (run.volumeObstacle !== null) throw new Error(`no volume can be bound: ${run.volumeObstacle}`);
    const connection = connect(settings.kubeconfig);
    const manifests = { ...settings.manifests, namespace: run.namespace, clusterId: run.clusterId };
    const server = new ApiServer(connection.config);
    return {
      ...{ kind, kubeconfig: settings.kubeconfig, run, manifests, connection, server },
      openRuntime: () => new KubernetesRuntime({ server, manifests, log: () => {} }),
      environment: (change) => ({ ...wanted(settings.image, settings.storageBytes), ...change }),
      clear: () => clear(connection, run),
      close: async () => {
        await endRun(run, settings);
        await fake?.stop();
        await rm(path, { force: true });
      },
    };
  } catch (error) {
    await fake?.stop();
    throw error;
  }
}

function wanted(image: string, storageBytes: number): DesiredEnvironment {
  return {
    id: `env_${Math.random().toString(36).slice(2).padEnd(10, "0").slice(0, 10)}${Date.now().toString(36).padStart(10, "0").slice(-10)}`,
    name: "bench",
    desired: "running",
    generation: 1,
    template_id: "ubuntu",
    image,
    port: null,
    startup_commands: [],
    environment_variables: {},
    resources: { cpu_millicores: 500, memory_bytes: 256 * 2 ** 20, storage_bytes: storageBytes },
  };
}
