/** The bridge process: reads its configuration, runs until it is told to end. Environments outlive it. `--check` only looks. */
import packageJson from "../package.json" with { type: "json" };
import { check } from "./check/check.ts";
import { outliveReader } from "./check/reader.ts";
import { BadConfig, type BridgeConfig, readConfig } from "./config.ts";
import { serveHealth, serveMetrics } from "./health.ts";
import { createLog, type Log } from "./log.ts";
import { openCluster } from "./runtime/kubernetes/client/kubeconfig.ts";
import { KubernetesRuntime } from "./runtime/kubernetes/kubernetes-runtime.ts";
import { LocalRuntime } from "./runtime/local/local-runtime.ts";
import { type Runtime, RuntimeFailure } from "./runtime/runtime.ts";
import { Supervisor } from "./supervisor.ts";

function openRuntime(config: BridgeConfig, log: Log): Runtime {
  if (config.runtime === "local") return new LocalRuntime(config);
  const { kubeconfig, settings: manifests } = config.kubernetes;
  return new KubernetesRuntime({ server: openCluster(kubeconfig), manifests, log });
}

function run(): void {
  const config = readConfig();
  const log = createLog({ level: config.logLevel, format: config.logFormat });
  const edge = { url: config.edgeUrl, token: config.token, bridgeId: crypto.randomUUID() };
  const { version } = packageJson;
  const { instance } = config;
  const supervisor = new Supervisor({ runtime: openRuntime(config, log), edge, version, instance, log });
  const health = config.health === null ? null : serveHealth(config.health, () => supervisor.isConnected);
  health?.on("error", (error) => fail(`BRIDGE_HEALTH_PORT ${config.health?.port}: ${error.message}`));
  const metrics = config.metrics === null ? null : serveMetrics(config.metrics, () => supervisor.metricsText());
  metrics?.on("error", (error) => fail(`BRIDGE_METRICS_PORT ${config.metrics?.port}: ${error.message}`));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      health?.close();
      metrics?.close();
      void supervisor.stop().then(() => process.exit(0));
    });
  }
  log("info", "bridge started", { bridge_id: edge.bridgeId, runtime: config.runtime });
  void supervisor.start();
}

function fail(message: string): void {
  console.error(`bridge: ${message}`);
  process.exit(1);
}

const [argument, ...others] = process.argv.slice(2);
try {
  if (argument === undefined) run();
  else if (argument === "--check" && others.length === 0) {
    outliveReader(process.stdout);
    process.exitCode = await check(readConfig(), console.log);
  } else fail(`${[argument, ...others].join(" ")}: there is only --check`);
} catch (error) {
  if (!(error instanceof BadConfig || error instanceof RuntimeFailure)) throw error;
  fail(error.message);
}
