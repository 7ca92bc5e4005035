/** Short pods of our own on the cluster: whether an image runs and a volume binds, and emptying a volume. */
import type { V1Pod } from "@kubernetes/client-node";
import { type Connection, orNull, until } from "./connection.ts";

export interface Errand {
  namespace: string;
  image: string;
  imagePullPolicy: string;
  /** Of POSIX sh; the claim, if any, is at /volume. */
  script: string;
  claimName?: string;
  labels: Record<string, string>;
  /** As environments': perhaps not every node has the image. */
  nodeSelector: Record<string, string>;
}

/** A quota refuses who names none. */
export const smallResources = {
  requests: { cpu: "10m", memory: "16Mi" },
  limits: { cpu: "500m", memory: "256Mi" },
};

const withinMs = 120_000;
/** The scheduler says such things also while a volume is being made, or before it has seen a claim that is new. */
const obstacleLastsMs = 20_000;

/** Runs the script to its end. Resolves with null, or with why the pod could not be scheduled for want of a volume. */
export async function runErrand({ core }: Connection, errand: Errand): Promise<string | null> {
  const name = `errand-${Math.random().toString(36).slice(2, 10)}`;
  const { namespace } = errand;
  await core.createNamespacedPod({ namespace, body: podOf(name, errand) });
  try {
    let sinceMs: number | null = null;
    return await until(`pod ${name} ends`, withinMs, async () => {
      const found = verdict(await core.readNamespacedPod({ name, namespace }));
      sinceMs = found?.why == null ? null : (sinceMs ?? performance.now());
      return sinceMs !== null && performance.now() - sinceMs < obstacleLastsMs ? null : found;
    }).then(({ why }) => why);
  } finally {
    await orNull(core.deleteNamespacedPod({ name, namespace, gracePeriodSeconds: 0 }));
  }
}

/** Null: not over yet. Throws where the cluster cannot run the image at all. */
function verdict({ status }: V1Pod): { why: string | null } | null {
  const unscheduled = status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  const message = unscheduled?.message ?? "";
  if (/persistent ?volume/i.test(message)) return { why: message };
  if (status?.phase === "Succeeded") return { why: null };
  const waiting = status?.containerStatuses?.[0]?.state?.waiting;
  if (/Image|CreateContainer/.test(waiting?.reason ?? ""))
    throw new Error(`the cluster cannot run it: ${waiting?.reason} ${waiting?.message}`);
  if (status?.phase === "Failed")
    throw new Error(`an errand failed: ${JSON.stringify(status.containerStatuses?.[0]?.state ?? status)}`);
  return null;
}

function podOf(name: string, { image, imagePullPolicy, script, claimName, labels, nodeSelector }: Errand): V1Pod {
  const volumeMounts = claimName === undefined ? [] : [{ name: "volume", mountPath: "/volume" }];
  const volumes = claimName === undefined ? [] : [{ name: "volume", persistentVolumeClaim: { claimName } }];
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
  const container = {
    name: "errand",
    image,
    imagePullPolicy,
    command: ["/bin/sh", "-c", script],
    resources: smallResources,
    securityContext,
    volumeMounts,
  };
  const user = { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000, runAsNonRoot: true };
  return {
    metadata: { name, labels },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { ...user, seccompProfile: { type: "RuntimeDefault" } },
      nodeSelector,
      containers: [container],
      volumes,
    },
  };
}
