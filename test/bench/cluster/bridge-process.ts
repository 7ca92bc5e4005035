/** A real bridge process on the stage's cluster, and the edge it talks to. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  const child = spawn(process.execPath, [join(root, "bridge/main.ts")], {
    cwd: tmpdir(),
    env: {
      PATH: process.env["PATH"] ?? "",
      ENVIRONMENT: "test",
      LOG_LEVEL: "error",
      DEVPOCKET_URL: edge.url,
      BRIDGE_TOKEN: token,
      BRIDGE_RUNTIME: "kubernetes",
      KUBECONFIG: stage.kubeconfig,
      DEVPOCKET_NAMESPACE: stage.manifests.namespace,
      DEVPOCKET_CLUSTER: stage.manifests.clusterId,
      DEVPOCKET_TOOLS_IMAGE: stage.manifests.toolsImage ?? "none",
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

function residentMebibytes({ pid }: ChildProcess): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) / 1024;
}
