/** Whether the cluster is there, lets us in, and is one that environments can run in. */
import { z } from "zod";
import type { ApiServer } from "../runtime/kubernetes/client/api-server.ts";
import { ClusterProblem } from "../runtime/kubernetes/client/problem.ts";
import type { ManifestSettings } from "../runtime/kubernetes/manifests/settings.ts";
import { permissionsFor } from "../runtime/kubernetes/permissions.ts";
import { parseJson } from "../runtime/parse-json.ts";
import { clockFinding, type Finding, fail, ok, warn } from "./finding.ts";

const deadlineMs = 10_000;
const oldestMinor = 28;

const versionSchema = z.looseObject({ gitVersion: z.string() });
const namespaceSchema = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()).nullish() }),
  status: z.looseObject({ phase: z.string().optional() }).optional(),
});
const reviewSchema = z.looseObject({ status: z.looseObject({ allowed: z.boolean() }) });

/** Ends with a `fail` where there is no use in going on. */
export async function* checkCluster(server: ApiServer, now: () => Date): AsyncGenerator<Finding> {
  try {
    const response = await server.stream({ method: "GET", path: "/version", deadlineMs });
    let body = "";
    for await (const chunk of response) body += chunk;
    yield versionFinding(body);
    yield clockFinding("the cluster", response.headers.date, now());
  } catch (error) {
    if (!(error instanceof ClusterProblem)) throw error;
    yield fail("cluster", unreachable(error));
  }
}

function versionFinding(body: string): Finding {
  const { success, data } = versionSchema.safeParse(parseJson(body));
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(success ? data.gitVersion : "") ?? [];
  if (major === undefined) return fail("cluster", "what answers there is no Kubernetes (KUBECONFIG)");
  const version = `${major}.${minor}`;
  if (Number(major) === 1 && Number(minor) < oldestMinor) {
    return fail("cluster", `is Kubernetes ${version}; environments need 1.${oldestMinor} or later`);
  }
  return ok("cluster", `is Kubernetes ${version} and lets us in`);
}

function unreachable(problem: ClusterProblem): string {
  if (problem.kind === "unauthorized")
    return "does not accept our credentials: the kubeconfig's user or the service account is not one of this cluster";
  if (problem.kind === "forbidden_rbac") return "knows us and lets us see nothing: not even its version";
  return `cannot be talked to: ${problem.message}. Is the kubeconfig one of this cluster?`;
}

/** The namespace environments live in, and what it enforces. */
export async function* checkNamespace(server: ApiServer, settings: ManifestSettings): AsyncGenerator<Finding> {
  const { namespace, hasUserNamespaces } = settings;
  const found = await problemOr(server.request({ method: "GET", path: `/api/v1/namespaces/${namespace}`, deadlineMs }));
  if (found instanceof ClusterProblem) {
    yield found.kind === "not_found"
      ? fail("namespace", `${namespace} does not exist: kubectl create namespace ${namespace}`)
      : warn("namespace", `${namespace} cannot be looked at: ${found.message}`);
    return;
  }
  const { success, data } = namespaceSchema.safeParse(found);
  if (!success) return;
  if (data.status?.phase === "Terminating") yield fail("namespace", `${namespace} is being deleted`);
  else yield ok("namespace", `${namespace} is there`);
  const level = data.metadata.labels?.["pod-security.kubernetes.io/enforce"];
  yield podSecurityFinding(namespace, level, hasUserNamespaces ? "baseline" : "restricted");
}

function podSecurityFinding(namespace: string, level: string | undefined, wanted: string): Finding {
  if (level === wanted) return ok("pod security", `${namespace} enforces ${level}`);
  const label = `kubectl label --overwrite namespace ${namespace} pod-security.kubernetes.io/enforce=${wanted}`;
  if (level === "restricted")
    return fail("pod security", `${namespace} enforces restricted, which lets no template be root: ${label}`);
  return warn("pod security", `${namespace} enforces ${level ?? "nothing"}: ${label}`);
}

/** Every right we need, asked of the cluster one by one. */
export async function* checkAccess(server: ApiServer, settings: ManifestSettings): AsyncGenerator<Finding> {
  const { namespacePerUser } = settings;
  // None is all of them.
  const namespace = namespacePerUser ? undefined : settings.namespace;
  const missing: string[] = [];
  for (const { group, resource, verbs, names } of permissionsFor(settings)) {
    const refused = [];
    for (const verb of verbs) {
      const asked = (names ?? [undefined]).map((name) => mayI(server, { namespace, group, resource, verb, name }));
      if (!(await Promise.all(asked)).every(Boolean)) refused.push(verb);
    }
    if (refused.length > 0) missing.push(`${refused.join(", ")} ${resource}${group === "" ? "" : `.${group}`}`);
  }
  const where = namespace ?? "every namespace";
  const role = namespacePerUser ? "ClusterRole (environments.namespacePerUser)" : "Role";
  if (missing.length === 0) yield ok("rights", `we may do in ${where} what we have to`);
  else yield fail("rights", `we may not in ${where}: ${missing.join("; ")}. The ${role} in bridge/deploy grants it`);
}

async function mayI(
  server: ApiServer,
  {
    namespace,
    group,
    resource: whole,
    verb,
    name,
  }: { namespace: string | undefined; group: string; resource: string; verb: string; name: string | undefined },
): Promise<boolean> {
  const [resource, subresource] = whole.split("/");
  const body = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes: { namespace, group, resource, verb, name, ...(subresource && { subresource }) } },
  };
  const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  const { success, data } = reviewSchema.safeParse(await server.request({ method: "POST", path, body, deadlineMs }));
  return success && data.status.allowed;
}

/** Whether there are readings of processor and memory. */
export async function* checkMetrics(server: ApiServer): AsyncGenerator<Finding> {
  const found = await problemOr(server.request({ method: "GET", path: "/apis/metrics.k8s.io/v1beta1", deadlineMs }));
  const instead = "readings are taken inside the environments instead";
  if (!(found instanceof ClusterProblem)) yield ok("metrics", "metrics.k8s.io answers");
  else if (found.kind === "not_found") yield warn("metrics", `metrics.k8s.io is not installed: ${instead}`);
  else yield warn("metrics", `metrics.k8s.io does not work (${found.message}): ${instead}`);
}

export async function problemOr(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ClusterProblem) return error;
    throw error;
  }
}
