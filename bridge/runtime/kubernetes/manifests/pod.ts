/**
 * The pod of an environment: an init container that lays out the volume and brings tmux, one that gives the user a name in
 * the image, and the image with our init.sh as its first process. It never restarts by itself: what comes after its end is decided by the loop alone.
 */
import type {
  V1Container,
  V1EnvVar,
  V1Pod,
  V1PodSpec,
  V1ResourceRequirements,
  V1Toleration,
} from "@kubernetes/client-node";
import type { DesiredEnvironment } from "../../../../durable-objects/protocol/bridge-api.ts";
import { ownedByClaim } from "./claim.ts";
import { annotations, labels, objectName } from "./names.ts";
import { places } from "./places.ts";
import { bytesQuantity, cpuQuantity } from "./quantities.ts";
import { containerSecurity, podSecurity, standingOf, userId } from "./security.ts";
import type { ManifestSettings } from "./settings.ts";
import { accountsMount, initMount, mounts, preparationMounts, volumes } from "./volumes.ts";

/** The container people work in; execs and logs name it. */
export const environmentContainer = "environment";
export const preparationContainer = "prepare";
export const accountsContainer = "accounts";

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
    initContainers: preparations(environment, settings),
    containers: [main(environment, settings)],
    volumes: volumes(environment, parts, standing),
    tolerations: ["not-ready", "unreachable"].map(lasting),
    ...(standing === "root" ? { hostUsers: false } : {}),
    ...(runtimeClass === null ? {} : { runtimeClassName: runtimeClass }),
    ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector: { ...nodeSelector } }),
    ...(imagePullSecrets.length === 0 ? {} : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
  };
}

/** Otherwise a machine that is back after more than five minutes ends what it still runs. See `patience.ts`. */
function lasting(taint: string): V1Toleration {
  return { key: `node.kubernetes.io/${taint}`, operator: "Exists", effect: "NoExecute" };
}

function main(environment: DesiredEnvironment, settings: ManifestSettings): V1Container {
  const { port, image } = environment;
  return {
    ...container(environmentContainer, image, environment, settings),
    // An absolute path: a person's PATH is none of its business.
    command: ["/bin/sh", `${places.init}/init.sh`],
    workingDir: places.workspace,
    envFrom: [{ secretRef: { name: objectName(environment.id) } }],
    env: ownVariables(environment),
    ...(port === null ? {} : { ports: [{ name: "web", containerPort: port, protocol: "TCP" }] }),
    volumeMounts: mounts(standingOf(environment, settings)),
  };
}

/** What all of them have. */
function container(
  name: string,
  image: string,
  environment: DesiredEnvironment,
  settings: ManifestSettings,
): V1Container {
  return {
    name,
    image,
    imagePullPolicy: settings.imagePullPolicy,
    resources: resources(environment, settings),
    securityContext: containerSecurity(standingOf(environment, settings)),
    // What it writes there at its end, else the end of its log, is what the status tells.
    terminationMessagePolicy: "FallbackToLogsOnError",
  };
}

function ownVariables(environment: DesiredEnvironment): V1EnvVar[] {
  return [
    { name: "DEVPOCKET_ENVIRONMENT_ID", value: environment.id },
    { name: "TMUX_TMPDIR", value: places.own },
  ];
}

/**
 * All run as the same user, so that what they make is the person's; one after the other, so that they ask for no more than
 * the pod does. Who is root needs no name; without a tools image, one container does both.
 */
function preparations(environment: DesiredEnvironment, settings: ManifestSettings): V1Container[] {
  const { image } = environment;
  const { toolsImage } = settings;
  const prepare = container(preparationContainer, toolsImage ?? image, environment, settings);
  const command = ["/bin/sh", `${places.init}/prepare.sh`];
  if (standingOf(environment, settings) === "root") return [{ ...prepare, command, volumeMounts: preparationMounts() }];
  const whose = [String(userId), places.accounts];
  if (toolsImage === null) {
    return [{ ...prepare, command: [...command, ...whose], volumeMounts: [...preparationMounts(), accountsMount] }];
  }
  const accounts: V1Container = {
    ...container(accountsContainer, image, environment, settings),
    command: ["/bin/sh", `${places.init}/accounts.sh`, ...whose],
    volumeMounts: [initMount, accountsMount],
  };
  return [{ ...prepare, command, volumeMounts: preparationMounts() }, accounts];
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
