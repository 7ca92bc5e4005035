/** Whether the tools image works: it runs for a moment, in a pod that is removed again. */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { ApiServer } from "../runtime/kubernetes/client/api-server.ts";
import { Calls } from "../runtime/kubernetes/client/calls.ts";
import { ClusterProblem } from "../runtime/kubernetes/client/problem.ts";
import { commonLabels } from "../runtime/kubernetes/manifests/names.ts";
import { containerSecurity, podSecurity } from "../runtime/kubernetes/manifests/security.ts";
import type { ManifestSettings } from "../runtime/kubernetes/manifests/settings.ts";
import { problemOr } from "./cluster.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** Where the image holds them. */
const tools = "/opt/devpocket/tools";
const lookEveryMs = 250;
const removeWithinMs = 10_000;

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
    await calls.delete("pods", { name, uid }, AbortSignal.timeout(removeWithinMs), 0);
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
