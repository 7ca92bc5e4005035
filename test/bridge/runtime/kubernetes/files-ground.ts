/** The files of an environment in a pod, and a shell in its workspace. */
import { KubeConfig } from "@kubernetes/client-node";
import { ApiServer } from "../../../../bridge/runtime/kubernetes/client/api-server.ts";
import { Calls } from "../../../../bridge/runtime/kubernetes/client/calls.ts";
import { objectName } from "../../../../bridge/runtime/kubernetes/manifests/names.ts";
import { Pod, printedBy } from "../../../../bridge/runtime/kubernetes/pod.ts";
import type { FakeClusterOptions } from "../../../support/kubernetes/cluster.ts";
import { patience } from "../../../support/wait-until.ts";
import { becomesUp, desiredEnvironment, type Ground } from "../contract.ts";
import type { FilesGround } from "../files-contract.ts";
import { makeGround, namespace } from "./ground.ts";

/** In a fake cluster of its own. */
export async function makePodFiles(options: FakeClusterOptions = {}): Promise<FilesGround> {
  const ground = await makeGround(options);
  const config = new KubeConfig();
  config.loadFromString(ground.cluster.kubeconfig());
  return await podFilesOn(ground, config, namespace);
}

/** Of an environment that is begun on the ground; its pod is also reached past the runtime. */
export async function podFilesOn(ground: Ground, config: KubeConfig, namespace: string): Promise<FilesGround> {
  const runtime = ground.open();
  const environment = desiredEnvironment();
  const begin = async () => {
    await runtime.apply({ kind: "start", environment }, AbortSignal.timeout(20_000 * patience));
    await becomesUp(runtime, environment.id);
  };
  await begin().catch(async (error: unknown) => {
    await runtime.close();
    await ground.dispose();
    throw error;
  });
  const server = new ApiServer(config);
  const pod = new Pod(new Calls(server, namespace), objectName(environment.id), () => true);
  return {
    outside: "../home/devpocket/outside",
    files: await runtime.files(environment.id),
    sh: async (command) =>
      printedBy(
        await pod.run(["/bin/sh", "-c", `cd /workspace && { ${command}\n}`], { deadlineMs: 60_000 * patience }),
      ).toString(),
    dispose: async () => {
      await runtime.close();
      server.close();
      await ground.dispose();
    },
  };
}
