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
  limits: { cpu: "500m", memory: "64Mi" },
};

const withinMs = 300_000;
/** The scheduler says such things also while a volume is being made, or before it has seen a claim that is new. */
const obstacleLastsMs = 20_000;

/**
 * Runs the script to its end. Resolves with null, or with why the pod could not be scheduled for want of a volume; throws where
 * no node takes it, or the image does not run.
 */
export async function runErrand({ core }: Connection, errand: Errand): Promise<string | null> {
  const name = `errand-${Math.random().toString(36).slice(2, 10)}`;
  const { namespace } = errand;
  await core.createNamespacedPod({ namespace, body: podOf(name, errand) });
  try {
    let sinceMs: number | null = null;
    return await until(`pod ${name} ends`, withinMs, async () => {
      const pod = await core.readNamespacedPod({ name, namespace });
      const why = whyUnscheduled(pod);
      sinceMs = why === null ? null : (sinceMs ?? performance.now());
      if (sinceMs === null) return isOver(pod) && { why: null };
      if (performance.now() - sinceMs < obstacleLastsMs) return null;
      if (!/persistent ?volume/i.test(why ?? "")) throw new Error(`no node takes a pod: ${why}`);
      return { why };
    }).then(({ why }) => why);
  } finally {
    await orNull(core.deleteNamespacedPod({ name, namespace, gracePeriodSeconds: 0 }));
  }
}

function whyUnscheduled({ status }: V1Pod): string | null {
  const condition = status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  return condition === undefined ? null : (condition.message ?? "it does not say why");
}

/** Throws where the cluster cannot run the image at all. */
function isOver({ status }: V1Pod): boolean {
  const waiting = status?.containerStatuses?.[0]?.state?.waiting;
  if (/Image|CreateContainer/.test(waiting?.reason ?? ""))
    throw new Error(`the cluster cannot run it: ${waiting?.reason} ${waiting?.message}`);
  if (status?.phase === "Failed")
    throw new Error(`an errand failed: ${JSON.stringify(status.containerStatuses?.[0]?.state ?? status)}`);
  return status?.phase === "Succeeded";
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
