/** The part of a pod this node understands, parsed; everything else in it is kept and ignored. */
import { z } from "zod";
import type { KubeObject } from "../api/objects.ts";
import { badRequest } from "../api/statuses.ts";

const quantity = z.union([z.string(), z.number()]).transform(String);
const quantities = z.record(z.string(), quantity);
const keyRef = z.looseObject({ name: z.string().default(""), key: z.string(), optional: z.boolean().optional() });
const sourceRef = z.looseObject({ name: z.string().default(""), optional: z.boolean().optional() });
const items = z.array(z.looseObject({ key: z.string(), path: z.string(), mode: z.number().optional() })).optional();

const securityContext = z.looseObject({
  runAsUser: z.number().optional(),
  runAsGroup: z.number().optional(),
  runAsNonRoot: z.boolean().optional(),
  privileged: z.boolean().optional(),
  allowPrivilegeEscalation: z.boolean().optional(),
  readOnlyRootFilesystem: z.boolean().optional(),
  procMount: z.string().optional(),
  capabilities: z.looseObject({ add: z.array(z.string()).optional(), drop: z.array(z.string()).optional() }).optional(),
  seccompProfile: z.looseObject({ type: z.string() }).optional(),
});

export const containerSchema = z.looseObject({
  name: z.string().default(""),
  image: z.string().default(""),
  imagePullPolicy: z.string().optional(),
  command: z.array(z.string()).default([]),
  args: z.array(z.string()).default([]),
  workingDir: z.string().optional(),
  env: z
    .array(
      z.looseObject({
        name: z.string(),
        value: z.string().optional(),
        valueFrom: z
          .looseObject({
            secretKeyRef: keyRef.optional(),
            configMapKeyRef: keyRef.optional(),
            fieldRef: z.looseObject({ fieldPath: z.string() }).optional(),
          })
          .optional(),
      }),
    )
    .default([]),
  envFrom: z
    .array(
      z.looseObject({
        prefix: z.string().default(""),
        secretRef: sourceRef.optional(),
        configMapRef: sourceRef.optional(),
      }),
    )
    .default([]),
  ports: z.array(z.looseObject({ containerPort: z.number(), hostPort: z.number().optional() })).default([]),
  volumeMounts: z
    .array(
      z.looseObject({
        name: z.string(),
        mountPath: z.string(),
        subPath: z.string().default(""),
        readOnly: z.boolean().default(false),
      }),
    )
    .default([]),
  resources: z.looseObject({ requests: quantities.optional(), limits: quantities.optional() }).default({}),
  securityContext: securityContext.optional(),
  terminationMessagePolicy: z.string().optional(),
});

const volumeSchema = z.looseObject({
  name: z.string(),
  emptyDir: z.looseObject({ medium: z.string().optional(), sizeLimit: quantity.optional() }).optional(),
  configMap: sourceRef.extend({ items, defaultMode: z.number().optional() }).optional(),
  secret: z
    .looseObject({
      secretName: z.string(),
      optional: z.boolean().optional(),
      items,
      defaultMode: z.number().optional(),
    })
    .optional(),
  persistentVolumeClaim: z.looseObject({ claimName: z.string(), readOnly: z.boolean().optional() }).optional(),
  hostPath: z.looseObject({ path: z.string(), type: z.string().optional() }).optional(),
});

export const podSpecSchema = z.looseObject({
  nodeName: z.string().optional(),
  restartPolicy: z.enum(["Always", "OnFailure", "Never"]).default("Always"),
  terminationGracePeriodSeconds: z.number().default(30),
  hostname: z.string().optional(),
  hostUsers: z.boolean().optional(),
  hostNetwork: z.boolean().optional(),
  hostPID: z.boolean().optional(),
  hostIPC: z.boolean().optional(),
  serviceAccountName: z.string().optional(),
  automountServiceAccountToken: z.boolean().optional(),
  nodeSelector: z.record(z.string(), z.string()).default({}),
  securityContext: securityContext.extend({ fsGroup: z.number().optional() }).default({}),
  initContainers: z.array(containerSchema).default([]),
  containers: z.array(containerSchema).default([]),
  volumes: z.array(volumeSchema).default([]),
});

export type PodSpec = z.infer<typeof podSpecSchema>;
export type ContainerSpec = z.infer<typeof containerSchema>;
export type VolumeSpec = z.infer<typeof volumeSchema>;

/** The pod's spec. Throws 400 where it has another type, as the decoder does. */
export function podSpecOf(pod: KubeObject): PodSpec {
  const parsed = podSpecSchema.safeParse(pod["spec"] ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = ["spec", ...(issue?.path ?? [])].join(".");
  throw badRequest(
    `Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal into Go struct field PodSpec.${path}: ${issue?.message}`,
  );
}
