/** A fake cluster of its own for runtimes over pods. */
import { KubeConfig } from "@kubernetes/client-node";
import { ApiServer } from "../../../../bridge/runtime/kubernetes/client/api-server.ts";
import { Calls } from "../../../../bridge/runtime/kubernetes/client/calls.ts";
import { KubernetesRuntime } from "../../../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import { objectName } from "../../../../bridge/runtime/kubernetes/manifests/names.ts";
import { defaultSettings, type ManifestSettings } from "../../../../bridge/runtime/kubernetes/manifests/settings.ts";
import { Pod } from "../../../../bridge/runtime/kubernetes/pod.ts";
import type { LogDetail } from "../../../../durable-objects/protocol/log-line.ts";
import { type FakeCluster, type FakeClusterOptions, startFakeCluster } from "../../../support/kubernetes/cluster.ts";
import type { Ground } from "../contract.ts";

export const namespace = "environments";

export interface ClusterGround extends Ground {
  cluster: FakeCluster;
  /** What runtimes on this ground have logged. */
  logged: { level: string; msg: string; detail: LogDetail }[];
  open(change?: { token?: string; settings?: Partial<ManifestSettings> }): KubernetesRuntime;
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
    open: ({ token, settings } = {}) => {
      const config = new KubeConfig();
      config.loadFromString(cluster.kubeconfig(token === undefined ? {} : { token }));
      return new KubernetesRuntime({
        server: new ApiServer(config),
        manifests: { ...defaultSettings, namespace, ...settings },
        log: (level, msg, detail) => logged.push({ level, msg, detail }),
      });
    },
    dispose: () => cluster.close(),
  };
}
