/** The ConfigMap with our scripts, shared by all environments of a namespace. Its name says what it holds: it never changes. */
import { createHash } from "node:crypto";
import type { V1ConfigMap } from "@kubernetes/client-node";
import { commonLabels } from "./names.ts";
import type { ManifestSettings } from "./settings.ts";

/** File name to text. */
export type InitFiles = Readonly<Record<string, string>>;

/** The same files always have the same name, in whatever order they are given. */
export function initConfigName(files: InitFiles): string {
  const hash = createHash("sha256");
  for (const name of Object.keys(files).sort()) hash.update(`${name}\0${files[name]}\0`);
  return `devpocket-init-${hash.digest("hex").slice(0, 12)}`;
}

export function initConfig(files: InitFiles, settings: ManifestSettings): V1ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: initConfigName(files),
      namespace: settings.namespace,
      labels: { ...commonLabels(settings), "app.kubernetes.io/component": "init" },
    },
    immutable: true,
    data: { ...files },
  };
}
