/** What `npm run test:cluster` is told: which cluster, which image. A missing one ends in one line that names it. */
import { existsSync } from "node:fs";
import { z } from "zod";
import { kubernetesConfig, kubernetesVariables } from "../../bridge/kubernetes-variables.ts";
import type { ManifestSettings } from "../../bridge/runtime/kubernetes/manifests/settings.ts";

/** Of each environment's volume; local volumes may be small. The contracts are told by the variable alone. */
export const defaultStorageBytes = 100 * 2 ** 20;

const variables = z.object({
  ...kubernetesVariables,
  KUBECONFIG: z
    .string({ error: "is missing: the path of a kubeconfig of a cluster to test on" })
    .refine(existsSync, "names no file"),
  DEVPOCKET_TEST_IMAGE: z.string({
    error:
      "is missing: an image with a POSIX shell and tmux (or set DEVPOCKET_TOOLS_IMAGE) that the cluster has or can pull",
  }),
  DEVPOCKET_TEST_STORAGE_BYTES: z.coerce
    .number({ error: "is no number" })
    .int()
    .positive()
    .default(defaultStorageBytes),
  /** One that is there and may be used, where none may be made. */
  DEVPOCKET_TEST_NAMESPACE: z.string().optional(),
});

export interface ClusterSettings {
  kubeconfig: string;
  image: string;
  storageBytes: number;
  /** Null: one is made for the run, and goes with it. */
  namespace: string | null;
  /** With the namespace and cluster id of this run still to be filled in. */
  manifests: ManifestSettings;
}

export function readSettings(environment: NodeJS.ProcessEnv = process.env): ClusterSettings {
  const given = Object.entries(environment).filter(([, value]) => value !== "");
  const parsed = variables.safeParse(Object.fromEntries(given));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`${issue?.path.join(".")} ${issue?.message}`);
  }
  const values = parsed.data;
  return {
    kubeconfig: values.KUBECONFIG,
    image: values.DEVPOCKET_TEST_IMAGE,
    storageBytes: values.DEVPOCKET_TEST_STORAGE_BYTES,
    namespace: values.DEVPOCKET_TEST_NAMESPACE ?? null,
    manifests: kubernetesConfig(values).settings,
  };
}
