/** The files of an environment in a fake cluster's pod, and a shell in its workspace. */
import { KubeConfig } from "@kubernetes/client-node";
import { vi } from "vitest";
import { ApiServer } from "../../../../bridge/runtime/kubernetes/client/api-server.ts";
import { Calls } from "../../../../bridge/runtime/kubernetes/client/calls.ts";
import { objectName } from "../../../../bridge/runtime/kubernetes/manifests/names.ts";
import { Pod, printedBy } from "../../../../bridge/runtime/kubernetes/pod.ts";
import type { FakeClusterOptions } from "../../../support/kubernetes/cluster.ts";
import { desiredEnvironment } from "../contract.ts";
import type { FilesGround } from "../files-contract.ts";
import { makeGround, namespace } from "./ground.ts";

export async function makePodFiles(options: FakeClusterOptions = {}): Promise<FilesGround> {
  const ground = await makeGround(options);
  const runtime = ground.open();
  const environment = desiredEnvironment();
  await runtime.apply({ kind: "start", environment }, AbortSignal.timeout(20_000));
  await vi.waitUntil(async () => (await runtime.observe())[0]?.phase === "running", 20_000);
  const config = new KubeConfig();
  config.loadFromString(ground.cluster.kubeconfig());
  const server = new ApiServer(config);
  const pod = new Pod(new Calls(server, namespace), objectName(environment.id), () => true);
  return {
    outside: "../home/devpocket/outside",
    files: await runtime.files(environment.id),
    sh: async (command) =>
      printedBy(
        await pod.run(["/bin/sh", "-c", `cd /workspace && { ${command}\n}`], { deadlineMs: 60_000 }),
      ).toString(),
    dispose: async () => {
      await runtime.close();
      server.close();
      await ground.dispose();
    },
  };
}
