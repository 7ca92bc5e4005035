/**
 * Whether an environment would be let in: its claim and its pod are sent as a dry run, of which nothing stays; and whether
 * the tools image works: that runs for a moment, in a pod that is removed again.
 */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { DesiredEnvironment } from "../../durable-objects/protocol/bridge-api.ts";
import type { ApiServer } from "../runtime/kubernetes/client/api-server.ts";
import { Calls, type Manifest } from "../runtime/kubernetes/client/calls.ts";
import { type Kind, pathOf } from "../runtime/kubernetes/client/kinds.ts";
import { ClusterProblem } from "../runtime/kubernetes/client/problem.ts";
import { claim } from "../runtime/kubernetes/manifests/claim.ts";
import { commonLabels, fieldManager } from "../runtime/kubernetes/manifests/names.ts";
import { pod } from "../runtime/kubernetes/manifests/pod.ts";
import { containerSecurity, podSecurity } from "../runtime/kubernetes/manifests/security.ts";
import type { ManifestSettings } from "../runtime/kubernetes/manifests/settings.ts";
import { problemOr } from "./cluster.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

const deadlineMs = 10_000;
const tools = "/opt/devpocket/tools";
const lookEveryMs = 250;

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

const runSchema = z.looseObject({
  metadata: z.looseObject({ uid: z.string() }),
  status: z
    .looseObject({
      phase: z.string().optional(),
      conditions: z.array(z.looseObject({ reason: z.string().optional(), message: z.string().optional() })).nullish(),
      containerStatuses: z
        .array(
          z.looseObject({
            state: z.looseObject({
              waiting: z.looseObject({ reason: z.string().optional(), message: z.string().optional() }).nullish(),
              terminated: z.looseObject({ exitCode: z.number(), reason: z.string().nullish() }).nullish(),
            }),
          }),
        )
        .nullish(),
    })
    .optional(),
});
type Run = z.infer<typeof runSchema>;

/** `withinMs`: how long pulling and running it may take. */
export async function* checkTools(
  server: ApiServer,
  settings: ManifestSettings,
  withinMs: number,
): AsyncGenerator<Finding> {
  const { toolsImage: image, namespace } = settings;
  if (image === null) {
    yield warn(
      "tools image",
      "there is none (DEVPOCKET_TOOLS_IMAGE): each environment's image must have a tmux itself",
    );
    return;
  }
  const calls = new Calls(server, namespace);
  const name = `devpocket-check-${crypto.randomUUID().slice(0, 8)}`;
  const signal = AbortSignal.timeout(withinMs);
  const made = await problemOr(calls.apply("pods", toolsPod(name, image, settings), signal));
  if (made instanceof ClusterProblem) {
    yield fail("tools image", `a pod with ${image} is refused: ${made.message}`);
    return;
  }
  const { uid } = runSchema.parse(made).metadata;
  try {
    const run = await lastLook(calls, name, signal);
    yield toolsFinding(image, run, run !== null && endOf(run) !== null ? await printedBy(calls, name, signal) : "");
  } finally {
    await calls.delete("pods", { name, uid }, AbortSignal.timeout(deadlineMs), 0);
  }
}

function toolsPod(name: string, image: string, settings: ManifestSettings) {
  const small = { cpu: "50m", memory: "64Mi" };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: settings.namespace,
      labels: { ...commonLabels(settings), "app.kubernetes.io/component": "check" },
    },
    spec: {
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: podSecurity("user"),
      nodeSelector: { ...settings.nodeSelector },
      imagePullSecrets: settings.imagePullSecrets.map((secret) => ({ name: secret })),
      containers: [
        {
          name: "tools",
          image,
          imagePullPolicy: settings.imagePullPolicy,
          command: ["/bin/sh", "-c", `exec ${tools}/bin/tmux -V`],
          resources: { requests: small, limits: small },
          securityContext: containerSecurity("user"),
        },
      ],
    },
  };
}

/** The pod when it has ended, cannot begin, or the time is up. */
async function lastLook(calls: Calls, name: string, signal: AbortSignal): Promise<Run | null> {
  let last: Run | null = null;
  while (!signal.aborted) {
    const found = await calls.get("pods", name, signal).catch(() => null);
    last = found === null ? last : runSchema.parse(found);
    if (last !== null && (endOf(last) !== null || pullFailureOf(last) !== null)) return last;
    await delay(lookEveryMs, undefined, { signal }).catch(() => {});
  }
  return last;
}

/** What it printed, errors included; bounded, and empty where there is no log. */
async function printedBy(calls: Calls, name: string, signal: AbortSignal): Promise<string> {
  let text = "";
  try {
    for await (const chunk of await calls.log(name, { container: "tools", limitBytes: 1_000 }, signal)) text += chunk;
  } catch (error) {
    if (!(error instanceof ClusterProblem)) throw error;
  }
  return text.trim();
}

function toolsFinding(image: string, run: Run | null, printed: string): Finding {
  const end = run === null ? null : endOf(run);
  if (end?.exitCode === 0 && /^tmux \d/.test(printed)) return ok("tools image", `${image} brings ${printed}`);
  if (end !== null) {
    const why = printed || end.reason || `exit ${end.exitCode}`;
    return fail("tools image", `${image} has no tmux in ${tools} that runs here: ${why}`);
  }
  const why = run === null ? null : (pullFailureOf(run) ?? conditionOf(run));
  return fail("tools image", `${image} does not run: ${why ?? "it did not begin in time"}`);
}

function endOf(run: Run) {
  return run.status?.containerStatuses?.[0]?.state.terminated ?? null;
}

function pullFailureOf(run: Run): string | null {
  const waiting = run.status?.containerStatuses?.[0]?.state.waiting;
  const isFinal = /^(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|CreateContainer)/;
  return waiting?.reason !== undefined && isFinal.test(waiting.reason) ? (waiting.message ?? waiting.reason) : null;
}

function conditionOf(run: Run): string | null {
  return run.status?.conditions?.find(({ reason }) => reason === "Unschedulable")?.message ?? null;
}
