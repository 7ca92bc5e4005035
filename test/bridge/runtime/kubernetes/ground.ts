/** A fake cluster of its own for runtimes over pods. */
import { KubeConfig } from "@kubernetes/client-node";
import { ApiServer } from "../../../../bridge/runtime/kubernetes/client/api-server.ts";
import { Calls } from "../../../../bridge/runtime/kubernetes/client/calls.ts";
import { KubernetesRuntime } from "../../../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import { objectName } from "../../../../bridge/runtime/kubernetes/manifests/names.ts";
import { defaultSettings, type ManifestSettings } from "../../../../bridge/runtime/kubernetes/manifests/settings.ts";
import { Pod } from "../../../../bridge/runtime/kubernetes/pod.ts";
import type { Action } from "../../../../bridge/runtime/runtime.ts";
import type { DesiredEnvironment, Owner } from "../../../../durable-objects/protocol/bridge-api.ts";
import type { LogDetail } from "../../../../durable-objects/protocol/log-line.ts";
import { type FakeCluster, type FakeClusterOptions, startFakeCluster } from "../../../support/kubernetes/cluster.ts";
import { becomesUp, type Ground } from "../contract.ts";

export const namespace = "environments";

export interface ClusterGround extends Ground {
  cluster: FakeCluster;
  /** What runtimes on this ground have logged. */
  logged: { level: string; msg: string; detail: LogDetail }[];
  open(change?: {
    token?: string;
    settings?: Partial<ManifestSettings>;
    as?: typeof KubernetesRuntime;
  }): KubernetesRuntime;
}

const gibibyte = 2 ** 30;

/** Somebody on a plan of three environments of at most 2 cores, 4Gi and 20Gi. */
export function ownerWith(change: Partial<Owner> & Pick<Owner, "id">): Owner {
  const largest = { cpu_millicores: 2000, memory_bytes: 4 * gibibyte, storage_bytes: 20 * gibibyte };
  return { max_environments: 3, largest, ...change };
}

/** A runtime that is told owners: each of two people has every other environment. */
export class OwnedRuntime extends KubernetesRuntime {
  override async apply(action: Action, signal: AbortSignal): Promise<void> {
    const isOurs = "environment" in action;
    await super.apply(isOurs ? { ...action, environment: owned(action.environment) } : action, signal);
  }
}

export function owned(environment: DesiredEnvironment): DesiredEnvironment {
  const isFirst = Number(environment.id.slice(4, 8)) % 2 === 0;
  return { ...environment, owner: ownerWith({ id: `usr_${(isFirst ? "a" : "b").repeat(20)}` }) };
}

/** Brings an environment up, however long that takes: where it takes long, the step itself is over before. */
export async function startUp(runtime: KubernetesRuntime, environment: DesiredEnvironment): Promise<void> {
  await runtime.apply({ kind: "start", environment }, AbortSignal.timeout(30_000));
  await becomesUp(runtime, environment.id);
}

/** The pod of an environment, for looking into it past the runtime. */
export function podOn({ cluster }: ClusterGround, environmentId: string, token = cluster.token): Pod {
  const config = new KubeConfig();
  config.loadFromString(cluster.kubeconfig({ token }));
  return new Pod(new Calls(new ApiServer(config), namespace), objectName(environmentId), () => true);
}

export async function makeGround(options: FakeClusterOptions = {}): Promise<ClusterGround> {
  const restricted = { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } };
  const cluster = await startFakeCluster({ namespaces: [restricted], ...options });
  const logged: ClusterGround["logged"] = [];
  return {
    cluster,
    logged,
    open: ({ token, settings, as: Kind = KubernetesRuntime } = {}) => {
      const config = new KubeConfig();
      config.loadFromString(cluster.kubeconfig(token === undefined ? {} : { token }));
      return new Kind({
        server: new ApiServer(config),
        manifests: { ...defaultSettings, namespace, ...settings },
        log: (level, msg, detail) => logged.push({ level, msg, detail }),
      });
    },
    dispose: () => cluster.close(),
  };
}
