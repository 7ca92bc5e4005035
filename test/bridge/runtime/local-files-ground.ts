/** The files of a local environment that runs, and a shell in its workspace. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { environmentPlaces, preparePlaces } from "../../../bridge/runtime/local/places.ts";
import { desiredEnvironment } from "./contract.ts";
import type { FilesGround } from "./files-contract.ts";
import { makeGround } from "./local-ground.ts";

const run = promisify(execFile);

export async function makeLocalFiles(storageBytes = 10 * 2 ** 30): Promise<FilesGround & { workspace: string }> {
  const ground = await makeGround();
  const runtime = ground.open();
  const resources = { cpu_millicores: 500, memory_bytes: 2 ** 30, storage_bytes: storageBytes };
  const environment = desiredEnvironment({ resources });
  await runtime.apply({ kind: "start", environment }, AbortSignal.timeout(20_000));
  const { workspace } = environmentPlaces(preparePlaces(ground.dataDir), environment.id);
  return {
    workspace,
    outside: "../outside",
    files: await runtime.files(environment.id),
    sh: async (command) => (await run("sh", ["-c", command], { cwd: workspace })).stdout,
    dispose: async () => {
      await runtime.close();
      await ground.dispose();
    },
  };
}
