/** A data directory of its own for local runtimes, removed with everything that still runs under it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalRuntime } from "../../../bridge/runtime/local/local-runtime.ts";
import { disposeDataDir, machinePath } from "../support/bridge.ts";
import type { Ground } from "./contract.ts";

export async function makeGround(under = ""): Promise<Ground & { dataDir: string }> {
  const base = await mkdtemp(join(tmpdir(), "dp-"));
  const dataDir = join(base, under);
  return {
    dataDir,
    open: () => new LocalRuntime({ dataDir, machinePath, isProduction: false }),
    dispose: async () => {
      await disposeDataDir(dataDir);
      await rm(base, { recursive: true, force: true });
    },
  };
}
