/** A bridge in this process on a local runtime of its own, talking to a FakeEdge over real sockets. */
import { existsSync, realpathSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endEnvironments } from "../../../bridge/dev/leftovers.ts";
import { LocalRuntime } from "../../../bridge/runtime/local/local-runtime.ts";
import { Supervisor } from "../../../bridge/supervisor.ts";
import { FakeEdge, token } from "./edge.ts";

export const machinePath = "/usr/local/bin:/usr/bin:/bin";

export interface TestBridge {
  edge: FakeEdge;
  dataDir: string;
  supervisor: Supervisor;
  /** Ends the bridge and starts another one on the same data directory, as after a crash. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startBridge(): Promise<TestBridge> {
  const edge = await new FakeEdge().start();
  const dataDir = await mkdtemp(join(tmpdir(), "dp-"));
  const open = () => {
    const runtime = new LocalRuntime({ dataDir, machinePath, isProduction: false });
    const identity = { url: edge.url, token, bridgeId: crypto.randomUUID() };
    const supervisor = new Supervisor({ runtime, edge: identity, version: "test", log: () => {} });
    void supervisor.start();
    return supervisor;
  };
  const bridge: TestBridge = {
    edge,
    dataDir,
    supervisor: open(),
    restart: async () => {
      await bridge.supervisor.stop();
      bridge.supervisor = open();
    },
    stop: async () => {
      await bridge.supervisor.stop();
      await edge.stop();
      await disposeDataDir(dataDir);
    },
  };
  return bridge;
}

/** Ends what a test left running, as the development supervisor's reaper does, and removes the directory. */
export async function disposeDataDir(dataDir: string): Promise<void> {
  endEnvironments(dataDir);
  const sockets = join(dataDir, "tmux");
  if (existsSync(sockets)) await rm(realpathSync(sockets), { recursive: true, force: true });
  // Killed programs may still be writing their last files.
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
