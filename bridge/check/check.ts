/** `npm run bridge -- --check`: tells in plain words what is wrong with server, token and cluster, and changes nothing. */
import type { BridgeConfig } from "../config.ts";
import { openCluster } from "../runtime/kubernetes/client/kubeconfig.ts";
import { RuntimeFailure } from "../runtime/runtime.ts";
import { checkAccess, checkCluster, checkMetrics, checkNamespace } from "./cluster.ts";
import { checkEdge } from "./edge.ts";
import { type Finding, fail, findingLine } from "./finding.ts";
import { checkOwners } from "./owners.ts";
import { checkTools } from "./tools.ts";
import { checkPods, checkStorage } from "./trial.ts";

const toolsWithinMs = 120_000;

/** Prints each finding as it is made; resolves with the process' exit code: 1 if anything does not work. */
export async function check(
  config: BridgeConfig,
  print: (line: string) => void,
  now: () => Date = () => new Date(),
): Promise<0 | 1> {
  let code: 0 | 1 = 0;
  for await (const finding of findings(config, now)) {
    if (finding.level === "fail") code = 1;
    print(findingLine(finding));
  }
  return code;
}

async function* findings(config: BridgeConfig, now: () => Date): AsyncGenerator<Finding> {
  yield* checkEdge(config.edgeUrl, config.token, now);
  if (config.runtime === "local") return;
  try {
    yield* clusterFindings(config, now);
  } catch (error) {
    if (!(error instanceof RuntimeFailure)) throw error;
    yield fail("cluster", error.message);
  }
}

async function* clusterFindings({ kubernetes }: BridgeConfig, now: () => Date): AsyncGenerator<Finding> {
  const server = openCluster(kubernetes.kubeconfig);
  try {
    for await (const finding of checkCluster(server, now)) {
      yield finding;
      if (finding.subject === "cluster" && finding.level === "fail") return;
    }
    const { settings } = kubernetes;
    for await (const finding of checkNamespace(server, settings)) {
      yield finding;
      if (finding.subject === "namespace" && finding.level === "fail") return;
    }
    yield* checkAccess(server, settings);
    yield* checkOwners(server, settings);
    yield* checkStorage(server, settings);
    yield* checkPods(server, settings);
    yield* checkMetrics(server);
    yield* checkTools(server, settings, toolsWithinMs);
  } finally {
    server.close();
  }
}
