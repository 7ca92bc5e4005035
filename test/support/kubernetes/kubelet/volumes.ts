/** A pod's volumes as directories on this machine, and where its containers see them. */
import { existsSync, realpathSync, statSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ContainerSpec, PodSpec, VolumeSpec } from "../admission/pod-schema.ts";
import { type KubeObject, textAt } from "../api/objects.ts";
import { resourceOf } from "../api/resources.ts";
import type { Store } from "../api/store.ts";
import { dataOf, type Wanted, writeProjection } from "./projections.ts";
import type { Mount } from "./root-file-system.ts";

/** Something a volume needs is not there (yet): the pod waits and an Event tells. */
export class MountFailure extends Error {}

/** A container cannot be made as it is written. */
export class ContainerConfigFailure extends Error {}

export interface VolumeGround {
  store: Store;
  /** The pod's directory on this machine. */
  directory: string;
  /** Where a bound claim's data lies. */
  claimDirectory(claim: KubeObject): string;
}

export type Volumes = ReadonlyMap<string, string>;

/** Makes them; resolves with the directory of each. Throws MountFailure. */
export async function prepareVolumes(ground: VolumeGround, pod: KubeObject, spec: PodSpec): Promise<Volumes> {
  const made = new Map<string, string>();
  for (const volume of spec.volumes) made.set(volume.name, await prepare(ground, pod, spec, volume));
  return made;
}

async function prepare(ground: VolumeGround, pod: KubeObject, spec: PodSpec, volume: VolumeSpec): Promise<string> {
  if (volume.hostPath !== undefined) return volume.hostPath.path;
  if (volume.persistentVolumeClaim !== undefined)
    return claimVolume(ground, pod, spec, volume.persistentVolumeClaim.claimName);
  const directory = join(ground.directory, "volumes", volume.name);
  await mkdir(directory, { recursive: true });
  if (volume.configMap !== undefined || volume.secret !== undefined)
    await projectVolume(ground, pod, volume, directory);
  else await chmod(directory, spec.securityContext.fsGroup === undefined ? 0o777 : 0o2777);
  return directory;
}

/** Writes a ConfigMap's or Secret's files into the directory, anew when it has changed. */
export async function projectVolume(
  ground: VolumeGround,
  pod: KubeObject,
  volume: VolumeSpec,
  directory: string,
): Promise<void> {
  const plural = volume.secret === undefined ? "configmaps" : "secrets";
  const source: Wanted & { optional?: boolean | undefined } = volume.secret ?? volume.configMap ?? {};
  const name = volume.secret?.secretName ?? volume.configMap?.name ?? "";
  const object = ground.store.get(resourceOf(plural), pod.metadata.namespace, name);
  if (object === undefined && source.optional !== true) {
    throw new MountFailure(
      `MountVolume.SetUp failed for volume "${volume.name}" : ${plural.slice(0, -1)} "${name}" not found`,
    );
  }
  const problem = await writeProjection(directory, dataOf(object), source);
  if (problem !== null) throw new MountFailure(`MountVolume.SetUp failed for volume "${volume.name}" : ${problem}`);
}

async function claimVolume(ground: VolumeGround, pod: KubeObject, spec: PodSpec, name: string): Promise<string> {
  const claim = ground.store.get(resourceOf("persistentvolumeclaims"), pod.metadata.namespace, name);
  if (claim === undefined || textAt(claim, "status", "phase") !== "Bound")
    throw new MountFailure(`persistentvolumeclaim "${name}" not found`);
  const directory = ground.claimDirectory(claim);
  await mkdir(directory, { recursive: true });
  // On a real node the root of a new volume is root's: writable by others only through fsGroup. Here one user owns all.
  const isOpen = spec.securityContext.fsGroup !== undefined || (spec.securityContext.runAsUser ?? 0) === 0;
  await chmod(directory, isOpen ? 0o2775 : 0o555);
  return directory;
}

/** What one container mounts. Throws ContainerConfigFailure for a subPath that leads out of its volume. */
export async function mountsOf(container: ContainerSpec, volumes: Volumes): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const { name, mountPath, subPath, readOnly } of container.volumeMounts) {
    const directory = volumes.get(name) ?? "";
    const source = subPath === "" ? directory : await subPathOf(directory, subPath, container);
    mounts.push({ source, target: mountPath.replace(/(.)\/+$/, "$1"), isReadOnly: readOnly || isProjected(directory) });
  }
  return mounts;
}

const isProjected = (directory: string) => existsSync(join(directory, "..data"));

async function subPathOf(directory: string, subPath: string, container: ContainerSpec): Promise<string> {
  const path = join(directory, subPath);
  // A new directory gets the volume's own mode.
  if (!existsSync(path)) {
    await mkdir(path, { recursive: true });
    await chmod(path, statSync(directory).mode & 0o7777);
  }
  const real = realpathSync(path);
  if (real !== realpathSync(directory) && !real.startsWith(`${realpathSync(directory)}/`)) {
    const index = container.volumeMounts.findIndex((mount) => mount.subPath === subPath);
    throw new ContainerConfigFailure(
      `failed to prepare subPath for volumeMount "${container.volumeMounts[index]?.name}" of container "${container.name}"`,
    );
  }
  return real;
}
