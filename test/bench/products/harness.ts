/** Ours without the development supervisor: the built Worker in workerd and a real bridge process. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { nodeOptions } from "../../../bridge/dev/node-options.ts";
import { mentioning } from "../../e2e/support/processes.ts";
import { root } from "../../support/source-tree.ts";
import { script, startChild } from "../child.ts";
import { scratchDirectory } from "../scratch.ts";
import { startServices } from "./services.ts";

export interface HarnessProduct {
  productUrl: string;
  /** The process that started workerd. */
  pid: number;
  bridgePid: number;
  /** The bridge's: its environments' files. */
  dataDirectory: string;
  databaseUrl: string;
  close(): Promise<void>;
}

export interface HarnessOptions {
  /** Another Worker than the product's, as a path in this repository. */
  entry?: string;
  /** The objects that this one brings: bindings and their classes. */
  objects?: Record<string, string>;
  /** Where the bridge is to dial, given the product's address: a way that can be cut. */
  bridgeDials?(productUrl: string): Promise<string>;
}

export async function startHarness({ entry, objects, bridgeDials }: HarnessOptions = {}): Promise<HarnessProduct> {
  const services = await startServices();
  const directory = scratchDirectory();
  const endEnvironments = () => endMentioning(directory.path);
  process.once("exit", endEnvironments);
  mkdirSync(join(root, "dist/web"), { recursive: true }); // the configuration names it; no page is asked for
  const product = await serve(services.variables, entry, objects);
  const bridge = await startChild([process.execPath, ...nodeOptions, join(root, "bridge/main.ts")], {
    environment: {
      ...process.env,
      DEVPOCKET_URL: (await bridgeDials?.(product.announced)) ?? product.announced,
      BRIDGE_TOKEN: services.bridgeToken,
      BRIDGE_RUNTIME: "local",
      ENVIRONMENT: "test",
      LOG_LEVEL: "info",
      DEVPOCKET_DATA_DIR: directory.path,
    },
    ready: /"link connected"/,
    endSignal: "SIGTERM",
  });
  return {
    productUrl: product.announced,
    pid: product.pid,
    bridgePid: bridge.pid,
    dataDirectory: directory.path,
    databaseUrl: services.variables["DATABASE_URL"] ?? "",
    close: async () => {
      await bridge.stop();
      await product.stop();
      await services.close();
      process.off("exit", endEnvironments);
      endEnvironments();
      directory.remove();
    },
  };
}

/** Environments outlive their bridge on purpose; with the benchmark they end. */
function endMentioning(directory: string): void {
  for (const { pid } of mentioning(directory)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it ended with its server
    }
  }
}

/** The local tracer alone costs 1.5 ms an event; it is no part of production. */
function serve(variables: Record<string, string>, entry?: string, objects: Record<string, string> = {}) {
  const environment = { ...process.env, X_LOCAL_OBSERVABILITY: "false", WRANGLER_SEND_METRICS: "false" };
  const command = script(
    "test/bench/products/serve-worker.ts",
    JSON.stringify(variables),
    ...(entry === undefined ? [] : [entry, JSON.stringify(objects)]),
  );
  return startChild(command, { environment });
}
