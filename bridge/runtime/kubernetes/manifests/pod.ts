/**
 * The pod of an environment: an init container that lays out the volume and brings tmux, and the image with our init.sh as
 * its first process. It never restarts by itself: what comes after its end is decided by the loop alone.
 */
import type { V1Container, V1EnvVar, V1Pod, V1PodSpec, V1ResourceRequirements } from "@kubernetes/client-node";
import type { DesiredEnvironment } from "../../../../durable-objects/protocol/bridge-api.ts";
import { ownedByClaim } from "./claim.ts";
import { annotations, labels, objectName } from "./names.ts";
import { places } from "./places.ts";
import { bytesQuantity, cpuQuantity } from "./quantities.ts";
import { containerSecurity, podSecurity, standingOf } from "./security.ts";
import type { ManifestSettings } from "./settings.ts";
import { mounts, preparationMounts, volumes } from "./volumes.ts";

/** The container people work in; execs and logs name it. */
export const environmentContainer = "environment";
export const preparationContainer = "prepare";

/** init.sh ends what runs and itself within two seconds of TERM. */
const graceSeconds = 5;
/** What may be written beside the volume: packages, /tmp, logs. Beyond that the pod is evicted. */
const scratch = { request: "64Mi", limit: "8Gi" };
const mebibyte = 2 ** 20;
const leastMemoryRequest = 32 * mebibyte;
const leastCpuRequest = 10;

/** What a pod is made of besides its environment. */
export interface PodParts {
  claimUid: string;
  /** Name of the ConfigMap with our scripts. */
  initConfig: string;
}

export function pod(environment: DesiredEnvironment, parts: PodParts, settings: ManifestSettings): V1Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: objectName(environment.id),
      namespace: settings.namespace,
      labels: labels(environment.id, settings),
      annotations: {
        [annotations.generation]: String(environment.generation),
        [annotations.resources]: JSON.stringify(environment.resources),
      },
      ownerReferences: [ownedByClaim(environment.id, parts.claimUid, true)],
    },
    spec: podSpec(environment, parts, settings),
  };
}

function podSpec(environment: DesiredEnvironment, parts: PodParts, settings: ManifestSettings): V1PodSpec {
  const standing = standingOf(environment, settings);
  const { runtimeClass, nodeSelector, imagePullSecrets } = settings;
  return {
    restartPolicy: "Never",
    terminationGracePeriodSeconds: graceSeconds,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    hostname: "devpocket",
    securityContext: podSecurity(standing),
    initContainers: [preparation(environment, settings)],
    containers: [main(environment, settings)],
    volumes: volumes(environment, parts),
    ...(standing === "root" ? { hostUsers: false } : {}),
    ...(runtimeClass === null ? {} : { runtimeClassName: runtimeClass }),
    ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector: { ...nodeSelector } }),
    ...(imagePullSecrets.length === 0 ? {} : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
  };
}

function main(environment: DesiredEnvironment, settings: ManifestSettings): V1Container {
  const { port } = environment;
  return {
    name: environmentContainer,
    image: environment.image,
    imagePullPolicy: settings.imagePullPolicy,
    // An absolute path: a person's PATH is none of its business.
    command: ["/bin/sh", `${places.init}/init.sh`],
    workingDir: places.workspace,
    envFrom: [{ secretRef: { name: objectName(environment.id) } }],
    env: ownVariables(environment),
    ...(port === null ? {} : { ports: [{ name: "web", containerPort: port, protocol: "TCP" }] }),
    resources: resources(environment, settings),
    securityContext: containerSecurity(standingOf(environment, settings)),
    // What it writes there at its end, else the end of its log, is what the status tells.
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: mounts(),
  };
}

function ownVariables(environment: DesiredEnvironment): V1EnvVar[] {
  return [
    { name: "DEVPOCKET_ENVIRONMENT_ID", value: environment.id },
    { name: "TMUX_TMPDIR", value: places.own },
  ];
}

/** Runs as the same user, so that what it makes is the person's. Without a tools image it only lays out the volume. */
function preparation(environment: DesiredEnvironment, settings: ManifestSettings): V1Container {
  return {
    name: preparationContainer,
    image: settings.toolsImage ?? environment.image,
    imagePullPolicy: settings.imagePullPolicy,
    command: ["/bin/sh", `${places.init}/prepare.sh`],
    resources: resources(environment, settings),
    securityContext: containerSecurity(standingOf(environment, settings)),
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: preparationMounts(),
  };
}

/** Limits are what the person was promised; requests, what a node must have left, are less: most of them idle. */
function resources({ resources }: DesiredEnvironment, { overcommit }: ManifestSettings): V1ResourceRequirements {
  const { cpu_millicores: cpu, memory_bytes: memory } = resources;
  const cpuRequest = Math.min(cpu, Math.max(leastCpuRequest, Math.ceil(cpu / overcommit.cpu)));
  const share = Math.ceil(memory / overcommit.memory / mebibyte) * mebibyte;
  const memoryRequest = Math.min(memory, Math.max(leastMemoryRequest, share));
  return {
    requests: {
      cpu: cpuQuantity(cpuRequest),
      memory: bytesQuantity(memoryRequest),
      "ephemeral-storage": scratch.request,
    },
    limits: { cpu: cpuQuantity(cpu), memory: bytesQuantity(memory), "ephemeral-storage": scratch.limit },
  };
}
