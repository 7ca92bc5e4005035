/** The cluster as ground for the runtime's contract: what a test left is removed before the next. */
import { inject } from "vitest";
import { ApiServer } from "../../bridge/runtime/kubernetes/client/api-server.ts";
import { KubernetesRuntime } from "../../bridge/runtime/kubernetes/kubernetes-runtime.ts";
import type { ManifestSettings } from "../../bridge/runtime/kubernetes/manifests/settings.ts";
import type { Ground } from "../bridge/runtime/contract.ts";
import { connect } from "./connection.ts";
import { clear } from "./run.ts";
import { readSettings } from "./settings.ts";

export interface ClusterGround extends Ground {
  open(): KubernetesRuntime;
}

/** `change`: of the bridge's settings. */
export async function makeGround(change: Partial<ManifestSettings> = {}): Promise<ClusterGround> {
  const run = inject("cluster");
  const settings = readSettings();
  const connection = connect(settings.kubeconfig);
  const { namespace, clusterId } = run;
  return {
    open: () =>
      new KubernetesRuntime({
        server: new ApiServer(connect(settings.kubeconfig).config),
        manifests: { ...settings.manifests, namespace, clusterId, ...change },
        log: () => {},
      }),
    dispose: () => clear(connection, run),
  };
}
