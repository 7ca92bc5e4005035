/** The variables of a bridge in Kubernetes: how each is written, and the settings they become. config.ts reads them. */
import { z } from "zod";
import { defaultSettings, type ManifestSettings } from "./runtime/kubernetes/manifests/settings.ts";

export interface KubernetesConfig {
  /** A kubeconfig's path; null = the service account of the pod this runs in. */
  kubeconfig: string | null;
  settings: ManifestSettings;
}

const label = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const dnsLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const labelName = /^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** `a, b` is two words. */
const words = z.string().transform((text) => text.split(/[\s,]+/).filter((word) => word !== ""));
const namesOf = (message: string) => words.pipe(z.array(z.string().regex(dnsLabel, message)));
const factor = z.coerce
  .number({ error: "is not a number from 1 to 100" })
  .min(1, "is not a number from 1 to 100")
  .max(100, "is not a number from 1 to 100");

/** `pool=environments,disk=ssd` */
const selector = words.transform((pairs, context) => {
  const labels = pairs.map((pair) => pair.split("="));
  if (labels.every(([name = "", value = "", rest]) => labelName.test(name) && label.test(value) && rest === undefined))
    return Object.fromEntries(labels) as Record<string, string>;
  context.addIssue({ code: "custom", message: "is not labels such as pool=environments,disk=ssd" });
  return z.NEVER;
});

export const kubernetesVariables = {
  KUBECONFIG: z.string().optional(),
  DEVPOCKET_NAMESPACE: z
    .string()
    .regex(dnsLabel, "is not the name of a namespace")
    .max(40, "has more than 40 characters")
    .default(defaultSettings.namespace),
  DEVPOCKET_NAMESPACE_PER_USER: z.enum(["true", "false"], { error: "is neither true nor false" }).default("false"),
  DEVPOCKET_CLUSTER: z.string().regex(label, "is not a label's value").default(defaultSettings.clusterId),
  DEVPOCKET_TOOLS_IMAGE: z.string().regex(/^\S+$/, "is not an image").default("none"),
  DEVPOCKET_STORAGE_CLASS: z
    .string()
    .regex(/^[a-z0-9.-]{1,253}$/, "is not the name of a storage class")
    .optional(),
  DEVPOCKET_IMAGE_PULL_POLICY: z
    .enum(["Always", "IfNotPresent", "Never"], { error: "is neither Always, IfNotPresent nor Never" })
    .default(defaultSettings.imagePullPolicy),
  DEVPOCKET_IMAGE_PULL_SECRETS: namesOf("holds what is not the name of a Secret").default([]),
  DEVPOCKET_USER_NAMESPACES: z.enum(["true", "false"], { error: "is neither true nor false" }).default("false"),
  DEVPOCKET_RUNTIME_CLASS: z.string().regex(dnsLabel, "is not the name of a runtime class").optional(),
  DEVPOCKET_NODE_SELECTOR: selector.default({}),
  DEVPOCKET_CPU_OVERCOMMIT: factor.default(defaultSettings.overcommit.cpu),
  DEVPOCKET_MEMORY_OVERCOMMIT: factor.default(defaultSettings.overcommit.memory),
  DEVPOCKET_DNS_SERVERS: words
    .transform((given) => (given.join() === "none" ? [] : given))
    .pipe(
      z.array(z.union([z.cidrv4(), z.cidrv6()], { error: "holds what is not an address range such as 10.0.0.10/32" })),
    )
    .default([...defaultSettings.dnsServers]),
};
const shape = z.object(kubernetesVariables);

export function kubernetesConfig(values: z.output<typeof shape>): KubernetesConfig {
  return {
    kubeconfig: values.KUBECONFIG ?? null,
    settings: {
      namespace: values.DEVPOCKET_NAMESPACE,
      namespacePerUser: values.DEVPOCKET_NAMESPACE_PER_USER === "true",
      clusterId: values.DEVPOCKET_CLUSTER,
      toolsImage: values.DEVPOCKET_TOOLS_IMAGE === "none" ? null : values.DEVPOCKET_TOOLS_IMAGE,
      storageClass: values.DEVPOCKET_STORAGE_CLASS ?? null,
      imagePullPolicy: values.DEVPOCKET_IMAGE_PULL_POLICY,
      imagePullSecrets: values.DEVPOCKET_IMAGE_PULL_SECRETS,
      hasUserNamespaces: values.DEVPOCKET_USER_NAMESPACES === "true",
      runtimeClass: values.DEVPOCKET_RUNTIME_CLASS ?? null,
      nodeSelector: values.DEVPOCKET_NODE_SELECTOR,
      overcommit: { cpu: values.DEVPOCKET_CPU_OVERCOMMIT, memory: values.DEVPOCKET_MEMORY_OVERCOMMIT },
      dnsServers: values.DEVPOCKET_DNS_SERVERS,
    },
  };
}
