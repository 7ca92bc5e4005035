/** What a pod of an environment has mounted, and where. */
import type { V1Volume, V1VolumeMount } from "@kubernetes/client-node";
import type { DesiredEnvironment } from "../../../../durable-objects/protocol/bridge-api.ts";
import { objectName, startupName } from "./names.ts";
import { places } from "./places.ts";
import type { Standing } from "./security.ts";

const executable = 0o555;
const readable = 0o444;

export const initMount: V1VolumeMount = { name: "init", mountPath: places.init, readOnly: true };
/** Of the container that writes passwd and group. */
export const accountsMount: V1VolumeMount = { name: "accounts", mountPath: places.accounts };

export function volumes(
  environment: DesiredEnvironment,
  { initConfig }: { initConfig: string },
  standing: Standing,
): V1Volume[] {
  return [
    { name: "data", persistentVolumeClaim: { claimName: objectName(environment.id) } },
    { name: "init", configMap: { name: initConfig, defaultMode: executable } },
    { name: "startup", secret: { secretName: startupName(environment.id), defaultMode: readable } },
    { name: "tools", emptyDir: { sizeLimit: "64Mi" } },
    { name: "run", emptyDir: { sizeLimit: "64Mi" } },
    ...(standing === "user" ? [{ name: "accounts", emptyDir: { sizeLimit: "4Mi" } }] : []),
  ];
}

/** Of the container people work in: from the volume only what is theirs. */
export function mounts(standing: Standing): V1VolumeMount[] {
  return [
    { name: "data", mountPath: places.workspace, subPath: "workspace" },
    { name: "data", mountPath: places.home, subPath: "home" },
    initMount,
    { name: "startup", mountPath: places.startup, readOnly: true },
    { name: "tools", mountPath: places.tools, readOnly: true },
    { name: "run", mountPath: places.run },
    ...(standing === "user" ? ["passwd", "group"].map(accountsFile) : []),
  ];
}

/** Always written before: in place of a file that is missing kubelet makes a directory. */
function accountsFile(name: string): V1VolumeMount {
  return { name: "accounts", mountPath: `/etc/${name}`, subPath: name, readOnly: true };
}

/** Of the init container: the whole volume, to make those two directories. */
export function preparationMounts(): V1VolumeMount[] {
  return [
    { name: "data", mountPath: places.volume },
    initMount,
    { name: "tools", mountPath: places.tools },
    { name: "run", mountPath: places.run },
  ];
}
