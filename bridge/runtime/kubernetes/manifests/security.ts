/**
 * Who an environment is on its node: user 1000 under the `restricted` Pod Security Standard; or, where its template asks
 * for it and the cluster has user namespaces, root inside one, under `baseline`: on the node that is nobody.
 */
import type { V1PodSecurityContext, V1SecurityContext } from "@kubernetes/client-node";
import type { DesiredEnvironment } from "../../../../durable-objects/protocol/bridge-api.ts";
import type { ManifestSettings } from "./settings.ts";

export const userId = 1000;
const fileGroup = 1000;

/** What package managers and daemons need of root; every one of them is allowed by `baseline`. */
const rootCapabilities = [
  ...["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL"],
  ...["NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"],
];

export type Standing = "user" | "root";

export function standingOf(environment: DesiredEnvironment, settings: ManifestSettings): Standing {
  return environment.needs_root === true && settings.hasUserNamespaces ? "root" : "user";
}

/** Its template asks for root and the cluster has nothing to keep that apart in: `user_namespaces_missing`, and no pod. */
export function isRootRefused(environment: DesiredEnvironment, settings: ManifestSettings): boolean {
  return environment.needs_root === true && !settings.hasUserNamespaces;
}

/** Of the pod. The files of the volume belong to a group of ours; they are gone through only where they do not yet. */
export function podSecurity(standing: Standing): V1PodSecurityContext {
  const who =
    standing === "root"
      ? { runAsNonRoot: false, runAsUser: 0, runAsGroup: 0 }
      : { runAsNonRoot: true, runAsUser: userId, runAsGroup: userId };
  return {
    ...who,
    fsGroup: fileGroup,
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/** Of each container. A person works in its root file system, so that stays writable. */
export function containerSecurity(standing: Standing): V1SecurityContext {
  const capabilities = standing === "root" ? { drop: ["ALL"], add: rootCapabilities } : { drop: ["ALL"] };
  return { allowPrivilegeEscalation: false, privileged: false, capabilities };
}
