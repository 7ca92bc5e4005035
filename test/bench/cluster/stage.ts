/** A cluster to measure on: the one KUBECONFIG names, or a fake one in a process of its own. Both are driven alike. */
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ApiServer } from "../../../bridge/runtime/kubernetes/client/api-server.ts";
import { KubernetesRuntime } from "../../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import type { ManifestSettings } from "../../../bridge/runtime/kubernetes/manifests/settings.ts";
import type { DesiredEnvironment } from "../../../durable-objects/protocol/bridge-api.ts";
import { type Connection, connect } from "../../cluster/connection.ts";
import { beginRun, type ClusterUnderTest, clear, endRun } from "../../cluster/run.ts";
import { type ClusterSettings, readSettings } from "../../cluster/settings.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { script, startChild } from "../child.ts";

export type StageKind = "fake" | "cluster";

export interface Stage {
  kind: StageKind;
  kubeconfig: string;
  /** What the settings were read from. */
  variables: NodeJS.ProcessEnv;
  run: ClusterUnderTest;
  manifests: ManifestSettings;
  connection: Connection;
  server: ApiServer;
  openRuntime(): KubernetesRuntime;
  /** One more environment that is wanted; nothing is done about it yet. */
  environment(change?: Partial<DesiredEnvironment>): DesiredEnvironment;
  /** Starts it and waits until it runs, which may take longer than a step waits. */
  begin(runtime: KubernetesRuntime, environment: DesiredEnvironment): Promise<void>;
  /** Of one step: it ends in time, and with the run. */
  signal(): AbortSignal;
  /** Has this done before everything is removed: nobody is to make anything any more. Returns how to take it back. */
  atEnd(end: () => Promise<void>): () => void;
  /** What the work comes to; an interrupted run does not wait for it long. */
  unlessInterrupted<Value>(work: Promise<Value>): Promise<Value>;
  /** Removes every environment. */
  clear(): Promise<void>;
  /** Removes everything that was made, also where a part of it was cut short. */
  close(): Promise<void>;
}

const stepWithinMs = 60_000;
const upWithinMs = 300_000;
/** A part that was interrupted tidies up behind itself, if it can. */
const partsEndWithinMs = 15_000;

/** `interruption` cuts the run short; what was made on a cluster is removed all the same. */
export async function openStage(kind: StageKind, interruption = new AbortController().signal): Promise<Stage> {
  const fake = kind === "fake" ? await startFake() : null;
  try {
    const variables = fake?.variables ?? process.env;
    const settings = readSettings(variables);
    const run = await beginRun(settings);
    if (run.volumeObstacle !== null) {
      await endRun(run, settings);
      throw new Error(`no volume can be bound: ${run.volumeObstacle}`);
    }
    return stageOn({ kind, variables }, settings, run, interruption, async () => await fake?.stop());
  } catch (error) {
    await fake?.stop();
    throw error;
  }
}

/** A fake cluster in a process of its own. */
async function startFake() {
  const path = join(tmpdir(), `bench-${process.pid}.kubeconfig`);
  const serving = { endSignal: "SIGTERM", ready: /^(https:.+), kubeconfig in/ } as const;
  const { stop } = await startChild(script("test/support/kubernetes/serve.ts", path), serving);
  return {
    variables: { KUBECONFIG: path, DEVPOCKET_TEST_IMAGE: "machine:1" },
    stop: async () => {
      await stop();
      await rm(path, { force: true });
    },
  };
}

function stageOn(
  what: Pick<Stage, "kind" | "variables">,
  settings: ClusterSettings,
  run: ClusterUnderTest,
  interruption: AbortSignal,
  stop: () => Promise<void>,
): Stage {
  const connection = connect(settings.kubeconfig);
  const manifests = { ...settings.manifests, namespace: run.namespace, clusterId: run.clusterId };
  const server = new ApiServer(connection.config);
  const ends = new Set<() => Promise<void>>();
  const interrupted = new Promise<never>((_, reject) => {
    interruption.addEventListener("abort", () => reject(interruption.reason), { once: true });
  });
  interrupted.catch(() => {});
  const parts = new Set<Promise<unknown>>();
  return {
    ...what,
    ...{ kubeconfig: settings.kubeconfig, run, manifests, connection, server },
    openRuntime() {
      const runtime = new KubernetesRuntime({ server, manifests, log: () => {} });
      ends.add(() => runtime.close());
      return runtime;
    },
    environment(change) {
      interruption.throwIfAborted();
      return { ...wanted(settings.image, settings.storageBytes), ...change };
    },
    async begin(runtime, environment) {
      await runtime.apply({ kind: "start", environment }, this.signal());
      const isUp = async () =>
        (await runtime.observe()).some(({ environment_id: id, phase }) => id === environment.id && phase === "running");
      await waitUntil(isUp, { timeout: upWithinMs });
    },
    signal: () => AbortSignal.any([interruption, AbortSignal.timeout(stepWithinMs)]),
    atEnd(end) {
      ends.add(end);
      return () => ends.delete(end);
    },
    unlessInterrupted(work) {
      parts.add(work);
      return Promise.race([work, interrupted]);
    },
    clear: () => clear(connection, run),
    async close() {
      await Promise.allSettled([...ends].map((end) => end()));
      await Promise.race([Promise.allSettled(parts), delay(partsEndWithinMs, null, { ref: false })]);
      await endRun(run, settings);
      await stop();
    },
  };
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
