/** A real bridge process on the stage's cluster, and the edge it talks to. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeOptions } from "../../../bridge/dev/node-options.ts";
import { kubernetesVariables } from "../../../bridge/kubernetes-variables.ts";
import { FakeEdge, token } from "../../bridge/support/edge.ts";
import { root } from "../../support/source-tree.ts";
import { waitUntil } from "../../support/wait-until.ts";
import type { Stage } from "./stage.ts";

export interface BridgeProcess {
  edge: FakeEdge;
  /** Resident, in MiB. */
  memory(): number;
  stop(): Promise<void>;
}

export async function startBridgeProcess(stage: Stage): Promise<BridgeProcess> {
  const edge = await new FakeEdge().start();
  const child = spawn(process.execPath, [...nodeOptions, join(root, "bridge/main.ts")], {
    cwd: tmpdir(),
    env: {
      ...given(stage.variables),
      ENVIRONMENT: "test",
      LOG_LEVEL: "error",
      DEVPOCKET_URL: edge.url,
      BRIDGE_TOKEN: token,
      BRIDGE_RUNTIME: "kubernetes",
      KUBECONFIG: stage.kubeconfig,
      DEVPOCKET_NAMESPACE: stage.manifests.namespace,
      DEVPOCKET_NAMESPACE_PER_USER: "false",
      DEVPOCKET_CLUSTER: stage.manifests.clusterId,
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const endWithUs = () => child.kill("SIGKILL");
  process.once("exit", endWithUs);
  const stop = async () => {
    forget();
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    process.off("exit", endWithUs);
    await edge.stop();
  };
  const forget = stage.atEnd(stop);
  await waitUntil(() => edge.link !== null, { timeout: 120_000 });
  return { edge, memory: () => residentMebibytes(child), stop };
}

/** How environments are to be on this cluster, as in test/cluster; and what a kubeconfig's own programs need. */
function given(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  const ours = Object.entries(variables).filter(([name, value]) => name in kubernetesVariables && value !== "");
  return { PATH, HOME, ...Object.fromEntries(ours) };
}

function residentMebibytes({ pid }: ChildProcess): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) / 1024;
}
