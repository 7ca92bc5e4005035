/** Which cluster, and as whom: by a kubeconfig's file, else by the service account of the pod that the bridge runs in. */
import { KubeConfig } from "@kubernetes/client-node";
import { RuntimeFailure } from "../../runtime.ts";
import { ApiServer } from "./api-server.ts";
import { ClusterProblem } from "./problem.ts";

/** Throws `unavailable` in one line that says what is wrong; nothing that the file holds is in it. */
export function openCluster(path: string | null): ApiServer {
  const config = new KubeConfig();
  try {
    if (path === null) config.loadFromCluster();
    else config.loadFromFile(path);
    return new ApiServer(config);
  } catch (error) {
    if (error instanceof ClusterProblem) throw new RuntimeFailure("unavailable", error.message);
    throw new RuntimeFailure(
      "unavailable",
      `${whatOf(path)} (${(error as NodeJS.ErrnoException).code ?? "not readable"})`,
    );
  }
}

function whatOf(path: string | null): string {
  return path === null
    ? "No KUBECONFIG is given, and this is no pod with a service account"
    : `KUBECONFIG ${path} cannot be read as a kubeconfig`;
}
