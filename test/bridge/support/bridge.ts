/** A bridge in this process on a local runtime of its own, talking to a FakeEdge over real sockets. */
import { existsSync, realpathSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endEnvironments } from "../../../bridge/dev/leftovers.ts";
import { LocalRuntime, type LocalSettings } from "../../../bridge/runtime/local/local-runtime.ts";
import type { TerminalSize, TerminalStream } from "../../../bridge/runtime/runtime.ts";
import { Supervisor } from "../../../bridge/supervisor.ts";
import { FakeEdge, token } from "./edge.ts";

export const machinePath = "/usr/local/bin:/usr/bin:/bin";
/** What a bridge that is a process of its own has of this machine. */
export const machineVariables = { PATH: machinePath, NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] };

export interface TestBridge {
  edge: FakeEdge;
  dataDir: string;
  supervisor: Supervisor;
  /** Ends the bridge and starts another one on the same data directory, as after a crash. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A local runtime that shows every stream to somebody before it is used. */
class ShownRuntime extends LocalRuntime {
  readonly #onStream: (stream: TerminalStream) => void;

  constructor(settings: LocalSettings, onStream: (stream: TerminalStream) => void) {
    super(settings);
    this.#onStream = onStream;
  }

  override async attach(environmentId: string, window: string, size: TerminalSize | null): Promise<TerminalStream> {
    const stream = await super.attach(environmentId, window, size);
    this.#onStream(stream);
    return stream;
  }
}

export async function startBridge(onStream: (stream: TerminalStream) => void = () => {}): Promise<TestBridge> {
  const edge = await new FakeEdge().start();
  const dataDir = await mkdtemp(join(tmpdir(), "dp-"));
  const open = () => {
    const runtime = new ShownRuntime({ dataDir, machinePath, isProduction: false }, onStream);
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
