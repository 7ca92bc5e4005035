/** What a container's processes are started with: user, variables, mounts and command, out of pod and image. */
import { join } from "node:path";
import type { ContainerSpec, PodSpec } from "../admission/pod-schema.ts";
import type { KubeObject } from "../api/objects.ts";
import type { Store } from "../api/store.ts";
import { variablesOf } from "./environment.ts";
import type { ImageSpec } from "./images.ts";
import { makeRoot } from "./root-file-system.ts";
import type { SandboxSpec } from "./sandbox.ts";
import { cgroupDirectory } from "./usage.ts";
import { mountsOf, type Volumes } from "./volumes.ts";

export interface LaunchGround {
  store: Store;
  /** The pod's directory on this machine. */
  directory: string;
  pod: KubeObject;
  spec: PodSpec;
  volumes: Volumes;
}

export interface Launch {
  sandbox: SandboxSpec;
  /** Goes with the container. */
  directory: string;
}

/** Makes the root. Throws ContainerConfigFailure for what is written wrongly or is not there. */
export async function prepareLaunch(
  ground: LaunchGround,
  container: ContainerSpec,
  image: ImageSpec,
  attempt: number,
): Promise<Launch> {
  const { pod, spec, store } = ground;
  const user = userOf(spec, container, image);
  const group = container.securityContext?.runAsGroup ?? spec.securityContext.runAsGroup ?? 0;
  const env = variablesOf(store, pod, container, image);
  const cgroup = await cgroupDirectory(ground.directory, container);
  const ofCgroup = { source: cgroup, target: "/sys/fs/cgroup", isReadOnly: true };
  const mounts = [...(await mountsOf(container, ground.volumes)), ofCgroup];
  const directory = join(ground.directory, "containers", `${container.name}-${attempt}`);
  const root = await makeRoot({ directory, mounts, image, isRoot: user === 0 });
  const hostname = (spec.hostname ?? pod.metadata.name).slice(0, 63);
  const command = commandOf(container, image, env);
  return {
    directory,
    sandbox: { ...root, hostname, directory: container.workingDir ?? "/", command, env, user, group },
  };
}

/** Why the container may not run as its user, or null. */
export function userProblem(ground: LaunchGround, container: ContainerSpec, image: ImageSpec): string | null {
  const { spec, pod } = ground;
  const mustNotBeRoot = container.securityContext?.runAsNonRoot ?? spec.securityContext.runAsNonRoot;
  if (mustNotBeRoot !== true || userOf(spec, container, image) !== 0) return null;
  const { name, namespace, uid } = pod.metadata;
  return `container has runAsNonRoot and image will run as root (pod: "${name}_${namespace}(${uid})", container: ${container.name})`;
}

function userOf(spec: PodSpec, { securityContext }: ContainerSpec, image: ImageSpec): number {
  return securityContext?.runAsUser ?? spec.securityContext.runAsUser ?? image.user ?? 0;
}

/** `$(NAME)` in it stands for a variable. */
function commandOf(
  { command, args }: ContainerSpec,
  image: ImageSpec,
  env: Readonly<Record<string, string>>,
): string[] {
  const words = command.length > 0 ? command : (image.command ?? ["/bin/sh"]);
  return [...words, ...args].map((word) => word.replace(/\$\(([^)]+)\)/g, (whole, name: string) => env[name] ?? whole));
}
