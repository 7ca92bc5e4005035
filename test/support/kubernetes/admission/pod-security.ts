/** Pod Security Admission, level `restricted`: the rules of the Pod Security Standards, told in the admission plug-in's words. */
import type { KubeObject } from "../api/objects.ts";
import type { Policy } from "../api/registry.ts";
import { resourceOf } from "../api/resources.ts";
import { forbidden } from "../api/statuses.ts";
import type { Store } from "../api/store.ts";
import { type ContainerSpec, type PodSpec, podSpecOf } from "./pod-schema.ts";

const enforce = "pod-security.kubernetes.io/enforce";

/** Holds for namespaces that carry the label with `restricted`. */
export function podSecurityPolicy(store: Store): Policy {
  return {
    admit(pod, before) {
      if (before !== null) return;
      const namespace = store.get(resourceOf("namespaces"), undefined, pod.metadata.namespace ?? "");
      if (namespace?.metadata.labels?.[enforce] !== "restricted") return;
      const violations = violationsOf(pod);
      if (violations.length === 0) return;
      throw forbidden(
        resourceOf("pods"),
        pod.metadata.name,
        `violates PodSecurity "restricted:latest": ${violations.join(", ")}`,
      );
    },
  };
}

/** Every rule of `restricted` that the pod breaks, as the API server tells it. */
export function violationsOf(pod: KubeObject): string[] {
  const spec = podSpecOf(pod);
  const all = [...spec.initContainers, ...spec.containers];
  return [
    ...podViolations(spec),
    ...containerViolations(all),
    ...runAsViolations(spec, all),
    ...seccompViolations(spec, all),
  ];
}

function podViolations(spec: PodSpec): string[] {
  const host = (["hostNetwork", "hostPID", "hostIPC"] as const).filter((name) => spec[name] === true);
  const hostPaths = spec.volumes.filter(({ hostPath }) => hostPath !== undefined);
  const allowed = [
    "name",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
  ];
  const others = spec.volumes.filter((volume) => Object.keys(volume).some((key) => !allowed.includes(key)));
  return [
    ...(host.length === 0 ? [] : [`host namespaces (${host.map((name) => `${name}=true`).join(", ")})`]),
    ...(hostPaths.length === 0 ? [] : [`hostPath volumes (${volumesNamed(hostPaths)})`]),
    ...(others.length === 0 ? [] : [`restricted volume types (${volumesNamed(others)} use restricted volume type)`]),
  ];
}

const volumesNamed = (volumes: { name: string }[]) =>
  `volume${volumes.length > 1 ? "s" : ""} ${volumes.map(({ name }) => `"${name}"`).join(", ")}`;

function containerViolations(all: ContainerSpec[]): string[] {
  const bad = (isBad: (container: ContainerSpec) => boolean) => all.filter(isBad);
  const privileged = bad(({ securityContext }) => securityContext?.privileged === true);
  const ports = bad((container) => container.ports.some(({ hostPort }) => hostPort !== undefined));
  const escalating = bad(({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  const capable = bad(({ securityContext }) => {
    const { add = [], drop = [] } = securityContext?.capabilities ?? {};
    return !drop.includes("ALL") || add.some((name) => name !== "NET_BIND_SERVICE");
  });
  return [
    ...told(privileged, "privileged", "must not set securityContext.privileged=true"),
    ...told(ports, "hostPort", "must not set hostPort"),
    ...told(escalating, "allowPrivilegeEscalation != false", "must set securityContext.allowPrivilegeEscalation=false"),
    ...told(capable, "unrestricted capabilities", 'must set securityContext.capabilities.drop=["ALL"]'),
  ];
}

function told(containers: ContainerSpec[], rule: string, must: string): string[] {
  if (containers.length === 0) return [];
  return [`${rule} (${named(containers)} ${must})`];
}

const named = (containers: ContainerSpec[]) =>
  `container${containers.length > 1 ? "s" : ""} ${containers.map(({ name }) => `"${name}"`).join(", ")}`;

function runAsViolations(spec: PodSpec, all: ContainerSpec[]): string[] {
  const rooted = all.filter(
    ({ securityContext }) => (securityContext?.runAsNonRoot ?? spec.securityContext.runAsNonRoot) !== true,
  );
  const asRoot = all.filter(
    ({ securityContext }) => (securityContext?.runAsUser ?? spec.securityContext.runAsUser) === 0,
  );
  return [
    ...(rooted.length === 0
      ? []
      : [`runAsNonRoot != true (pod or ${named(rooted)} must set securityContext.runAsNonRoot=true)`]),
    ...(asRoot.length === 0 ? [] : [`runAsUser=0 (pod or ${named(asRoot)} must not set runAsUser=0)`]),
  ];
}

function seccompViolations(spec: PodSpec, all: ContainerSpec[]): string[] {
  const isGood = (type: string | undefined) => type === "RuntimeDefault" || type === "Localhost";
  const open = all.filter(
    ({ securityContext }) => !isGood((securityContext?.seccompProfile ?? spec.securityContext.seccompProfile)?.type),
  );
  if (open.length === 0) return [];
  return [
    `seccompProfile (pod or ${named(open)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`,
  ];
}
