/** Which cluster: the one a kubeconfig names, or the one this pod runs in. */
import { existsSync, readFileSync } from "node:fs";
import { KubeConfig } from "@kubernetes/client-node";
import { RuntimeFailure } from "../../runtime.ts";
import { ApiServer } from "./api-server.ts";

const serviceAccountToken = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** Null = the service account of this pod. Throws a RuntimeFailure in one line that names the file and none of its text. */
export function connect(kubeconfig: string | null): ApiServer {
  const config = new KubeConfig();
  if (kubeconfig === null) loadOwn(config);
  else loadFile(config, kubeconfig);
  if (config.getCurrentCluster() === null || config.getCurrentUser() === null) {
    throw new RuntimeFailure(
      "refused",
      `${kubeconfig ?? "the service account"} names no cluster and user to work with`,
    );
  }
  return new ApiServer(config);
}

function loadOwn(config: KubeConfig): void {
  if (!existsSync(serviceAccountToken)) {
    throw new RuntimeFailure(
      "refused",
      "KUBECONFIG is missing, and this is no pod of a cluster with a service account",
    );
  }
  config.loadFromCluster();
}

function loadFile(config: KubeConfig, path: string): void {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new RuntimeFailure("refused", `KUBECONFIG ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    config.loadFromString(text);
  } catch {
    throw new RuntimeFailure("refused", `KUBECONFIG ${path} is no kubeconfig`);
  }
}
