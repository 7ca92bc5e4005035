/** The shapes of a cluster on the wire, in and out. Nothing of it is a credential: the bridge dials out. */
import { z } from "@hono/zod-openapi";
import type { ClusterView } from "../../domain/catalog/clusters.ts";
import { versionOf } from "../../http/versions.ts";
import { printable } from "../../rules/texts.ts";

export const clusterStatusSchema = z.enum(["active", "inactive", "maintenance"]);
const amountsSchema = z
  .object({ cpu: z.number(), memory: z.number(), storage: z.number() })
  .openapi({ description: "cpu in processors, memory and storage in GiB" });
export const healthStatusSchema = z.enum(["healthy", "unhealthy", "unknown"]);

export const clusterSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    provider: z.string(),
    region: z.string(),
    status: clusterStatusSchema,
    active: z.boolean(),
    is_shared: z.boolean().openapi({ description: "Open to everybody, or else only to those who were let in" }),
    is_default: z.boolean().openapi({ description: "Where environments are made when nothing else is asked for" }),
    node_count: z.number().int(),
    max_environments: z.number().int(),
    current_environments: z.number().int(),
    available_resources: amountsSchema.openapi({
      description: "What the places left hold at the default size; cpu in processors, memory and storage in GiB",
    }),
    used_resources: amountsSchema,
    health_status: healthStatusSchema,
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi("Cluster", {
    example: {
      id: "default",
      name: "default",
      description: null,
      provider: "kubernetes",
      region: "eu-central",
      status: "active",
      active: true,
      is_shared: true,
      is_default: true,
      node_count: 3,
      max_environments: 100,
      current_environments: 12,
      available_resources: { cpu: 44, memory: 88, storage: 880 },
      used_resources: { cpu: 8.5, memory: 17, storage: 140 },
      health_status: "healthy",
      created_at: "2026-10-20T12:00:00.000Z",
      updated_at: "2026-10-20T12:00:00.000Z",
    },
  });

const gibi = 2 ** 30;
/** A cluster's capacity is counted in places; this is what one holds when nobody asks for more. */
const defaultPlace = { cpu: 0.5, memory: 1, storage: 10 };

/** A cluster as those who may use it see it. */
export function clusterBody(row: ClusterView): z.infer<typeof clusterSchema> {
  const places = Math.max(0, row.maxEnvironments - row.environments);
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    provider: row.provider,
    region: row.region,
    status: row.status,
    active: row.status === "active",
    is_shared: row.isShared,
    is_default: row.isDefault,
    node_count: row.nodeCount,
    max_environments: row.maxEnvironments,
    current_environments: row.environments,
    available_resources: {
      cpu: places * defaultPlace.cpu,
      memory: places * defaultPlace.memory,
      storage: places * defaultPlace.storage,
    },
    used_resources: {
      cpu: row.cpuMillicores / 1000,
      memory: row.memoryBytes / gibi,
      storage: row.storageBytes / gibi,
    },
    health_status: row.health,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

/** What a PUT can change. */
export const clusterVersion = versionOf(
  "name",
  "description",
  "provider",
  "region",
  "status",
  "is_shared",
  "is_default",
  "node_count",
  "max_environments",
);

const word = (maxLength: number) =>
  z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/, "must be a word such as eu-central")
    .max(maxLength);
const count = (max: number) => z.number().int().min(1).max(max);

const clusterFields = {
  name: z.string().trim().min(1).max(50).regex(printable, "must be printable"),
  description: z.string().trim().max(500).regex(printable, "must be printable, on one line").optional(),
  provider: word(40).optional(),
  region: word(40).optional(),
  status: clusterStatusSchema.optional().openapi({
    description: "In maintenance, or inactive, it takes no new environments; those it has go on",
  }),
  is_shared: z.boolean().optional(),
  is_default: z.boolean().optional().openapi({ description: "true takes this from the cluster that has it" }),
  node_count: count(100_000).optional(),
  max_environments: count(1_000_000).optional(),
};
const example = { name: "Frankfurt", region: "eu-central", max_environments: 200, is_shared: true };

export const newClusterSchema = z.object(clusterFields).openapi("NewCluster", { example });
export const clusterChangesSchema = z
  .object({ ...clusterFields, name: clusterFields.name.optional() })
  .openapi("ClusterChanges", { example: { status: "maintenance" } });

/** What was asked, in the domain's words. */
export function askedCluster<Asked extends z.output<typeof clusterChangesSchema>>(asked: Asked) {
  const { is_shared, is_default, node_count, max_environments, ...same } = asked;
  return {
    ...same,
    isShared: is_shared,
    isDefault: is_default,
    nodeCount: node_count,
    maxEnvironments: max_environments,
  };
}

/** An id, or a name in any case. */
export const clusterParameter = z.object({ id: z.string().openapi({ description: "The cluster's id or name" }) });
