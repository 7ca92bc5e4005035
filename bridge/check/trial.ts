/** Whether an environment would be let in: its claim and its pod are sent as a dry run, of which nothing stays. */
import { z } from "zod";
import type { DesiredEnvironment } from "../../durable-objects/protocol/bridge-api.ts";
import type { ApiServer } from "../runtime/kubernetes/client/api-server.ts";
import { type Kind, pathOf } from "../runtime/kubernetes/client/kinds.ts";
import type { Manifest } from "../runtime/kubernetes/client/objects.ts";
import { ClusterProblem } from "../runtime/kubernetes/client/problem.ts";
import { claim } from "../runtime/kubernetes/manifests/claim.ts";
import { fieldManager } from "../runtime/kubernetes/manifests/names.ts";
import { pod } from "../runtime/kubernetes/manifests/pod.ts";
import type { ManifestSettings } from "../runtime/kubernetes/manifests/settings.ts";
import { problemOr } from "./cluster.ts";
import { type Finding, fail, ok } from "./finding.ts";

const deadlineMs = 10_000;

/** One such as people make, smaller than any. */
const trial: DesiredEnvironment = {
  id: "env_00000000000000000000",
  name: "check",
  desired: "running",
  generation: 0,
  template_id: "check",
  image: "busybox",
  port: null,
  startup_commands: [],
  environment_variables: {},
  resources: { cpu_millicores: 50, memory_bytes: 64 * 2 ** 20, storage_bytes: 128 * 2 ** 20 },
};

const claimSchema = z.looseObject({ spec: z.looseObject({ storageClassName: z.string().optional() }) });

export async function* checkStorage(server: ApiServer, settings: ManifestSettings): AsyncGenerator<Finding> {
  const answer = await dryRun(server, "persistentvolumeclaims", claim(trial, settings), settings.namespace);
  if (answer instanceof ClusterProblem) {
    yield fail("storage", `a claim would be refused: ${answer.message}`);
    return;
  }
  const given = claimSchema.safeParse(answer).data?.spec.storageClassName ?? settings.storageClass;
  if (given === null || given === "") {
    yield fail("storage", "there is no default storage class: name one in DEVPOCKET_STORAGE_CLASS");
    return;
  }
  const path = `/apis/storage.k8s.io/v1/storageclasses/${encodeURIComponent(given)}`;
  const found = await problemOr(server.request({ method: "GET", path, deadlineMs }));
  if (!(found instanceof ClusterProblem)) yield ok("storage", `claims are of class ${given}`);
  else if (found.kind === "not_found") yield fail("storage", `there is no storage class ${given}`);
  else yield ok("storage", `claims are of class ${given}, which we may not look up`);
}

export async function* checkPods(server: ApiServer, settings: ManifestSettings): AsyncGenerator<Finding> {
  const parts = { claimUid: "00000000-0000-0000-0000-000000000000", initConfig: "devpocket-init-check" };
  const made = pod(trial, parts, settings);
  delete made.metadata?.ownerReferences;
  const answer = await dryRun(server, "pods", made, settings.namespace);
  if (!(answer instanceof ClusterProblem)) yield ok("pods", "the cluster would let an environment in");
  else yield fail("pods", `the cluster would not let an environment in: ${answer.message}`);
}

/** What the cluster would make of it; or its refusal. */
export async function dryRun(
  server: ApiServer,
  kind: Kind,
  manifest: Manifest,
  namespace: string | null,
): Promise<unknown> {
  return await problemOr(
    server.request({
      method: "PATCH",
      path: pathOf(kind, namespace, manifest.metadata?.name ?? ""),
      query: { fieldManager, dryRun: "All", fieldValidation: "Strict" },
      contentType: "application/apply-patch+yaml",
      body: manifest,
      deadlineMs,
    }),
  );
}
