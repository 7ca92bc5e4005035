/**
 * The Pod Security Standards `baseline` and `restricted` (kubernetes.io/docs/concepts/security/pod-security-standards), as far
 * as a Linux pod's manifest can break them. Says each breach in the words of the admission plugin's messages.
 */
import type { V1Container, V1Pod, V1PodSpec, V1Volume } from "@kubernetes/client-node";

export type PodSecurityLevel = "baseline" | "restricted";

const baselineCapabilities = new Set([
  ...["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"],
  ...["SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"],
]);
const restrictedVolumes = new Set([
  ...["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"],
]);

/** What this pod breaks of the level; empty = it is admitted. */
export function podSecurityViolations(pod: V1Pod, level: PodSecurityLevel): string[] {
  const spec = pod.spec;
  if (spec === undefined) return ["no spec"];
  const found = [...baseline(spec), ...(level === "restricted" ? restricted(spec) : [])];
  return [...new Set(found)];
}

function containersOf(spec: V1PodSpec): V1Container[] {
  const ephemeral = (spec.ephemeralContainers ?? []) as unknown as V1Container[];
  return [...(spec.initContainers ?? []), ...spec.containers, ...ephemeral];
}

function baseline(spec: V1PodSpec): string[] {
  const isHost = spec.hostNetwork === true || spec.hostPID === true || spec.hostIPC === true;
  return [
    ...(isHost ? ["host namespaces"] : []),
    ...(volumeKinds(spec).includes("hostPath") ? ["hostPath volumes"] : []),
    ...(isUnconfined(spec.securityContext) ? ["seccompProfile"] : []),
    ...((spec.securityContext?.sysctls ?? []).length > 0 ? ["forbidden sysctls"] : []),
    ...containersOf(spec).flatMap(baselineContainer),
  ];
}

function baselineContainer(container: V1Container): string[] {
  const context = container.securityContext;
  const added = context?.capabilities?.add ?? [];
  const isLaxMount = context?.procMount !== undefined && context.procMount !== "Default";
  return [
    ...(context?.privileged === true ? ["privileged"] : []),
    ...(added.some((each) => !baselineCapabilities.has(each)) ? ["non-default capabilities"] : []),
    ...((container.ports ?? []).some((port) => (port.hostPort ?? 0) !== 0) ? ["hostPort"] : []),
    ...(isLaxMount ? ["procMount"] : []),
    ...(isUnconfined(context) ? ["seccompProfile"] : []),
  ];
}

function restricted(spec: V1PodSpec): string[] {
  const pod = spec.securityContext;
  const containers = containersOf(spec);
  const every = (is: (container: V1Container) => boolean | undefined) => containers.every((each) => is(each) === true);
  const isNonRoot = every((each) => each.securityContext?.runAsNonRoot ?? pod?.runAsNonRoot);
  const isRootUser = [pod, ...containers.map((each) => each.securityContext)].some((each) => each?.runAsUser === 0);
  const isSeccomp = every((each) => (each.securityContext?.seccompProfile ?? pod?.seccompProfile) !== undefined);
  return [
    ...(volumeKinds(spec).every((kind) => restrictedVolumes.has(kind)) ? [] : ["restricted volume types"]),
    ...(every((each) => each.securityContext?.allowPrivilegeEscalation === false)
      ? []
      : ["allowPrivilegeEscalation != false"]),
    ...(isNonRoot ? [] : ["runAsNonRoot != true"]),
    ...(isRootUser ? ["runAsUser=0"] : []),
    ...(isSeccomp ? [] : ["seccompProfile"]),
    ...(every(hasRestrictedCapabilities) ? [] : ["unrestricted capabilities"]),
  ];
}

function hasRestrictedCapabilities({ securityContext }: V1Container): boolean {
  const { add = [], drop = [] } = securityContext?.capabilities ?? {};
  return drop.includes("ALL") && add.every((each) => each === "NET_BIND_SERVICE");
}

function isUnconfined(context: { seccompProfile?: { type: string } } | undefined): boolean {
  return context?.seccompProfile?.type === "Unconfined";
}

function volumeKinds(spec: V1PodSpec): string[] {
  return (spec.volumes ?? []).map(
    (volume: V1Volume) =>
      Object.keys(volume).find((key) => key !== "name" && volume[key as keyof V1Volume]) ?? "emptyDir",
  );
}
