/** GET /api/v1/clusters: where environments can live, and how each cluster is. */
import { createRoute, z } from "@hono/zod-openapi";
import { type ClusterView, readCluster, readClusters } from "../domain/catalog/clusters.ts";
import { json, problems } from "../http/answers.ts";
import { allowed } from "../http/authenticate.ts";
import { alsoBareArray, answerList, paginationOf, paginationSchema } from "../http/paging.ts";
import { newRouter } from "../http/router.ts";

export const clusters = newRouter();

const amountsSchema = z
  .object({ cpu: z.number(), memory: z.number(), storage: z.number() })
  .openapi({ description: "cpu in processors, memory and storage in GiB" });
const healthStatusSchema = z.enum(["healthy", "unhealthy", "unknown"]);

const clusterSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    provider: z.string(),
    region: z.string(),
    status: z.enum(["active", "inactive", "maintenance"]),
    active: z.boolean(),
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

function clusterBody(row: ClusterView): z.infer<typeof clusterSchema> {
  const places = Math.max(0, row.maxEnvironments - row.environments);
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    provider: row.provider,
    region: row.region,
    status: row.status,
    active: row.status === "active",
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

const listSchema = z.object({ clusters: z.array(clusterSchema), pagination: paginationSchema }).openapi("ClusterList");

clusters.openapi(
  createRoute({
    method: "get",
    path: "/",
    operationId: "listClusters",
    tags: ["clusters"],
    summary: "The clusters you may use",
    middleware: [allowed("account:read")],
    ...alsoBareArray("Cluster"),
    responses: { 200: json(listSchema, "All of them") },
  }),
  async (c) => {
    const rows = await readClusters(c.var.deps, c.var.principal);
    const pagination = paginationOf({ limit: Math.max(rows.length, 1), offset: 0 }, rows.length);
    const list = rows.map(clusterBody);
    return answerList(c, { clusters: list, pagination }, list);
  },
);

const idParameter = z.object({ id: z.string() });

clusters.openapi(
  createRoute({
    method: "get",
    path: "/{id}",
    operationId: "getCluster",
    tags: ["clusters"],
    summary: "One cluster",
    middleware: [allowed("account:read")],
    request: { params: idParameter },
    responses: { 200: json(clusterSchema, "The cluster"), ...problems({ 404: "None you may use" }) },
  }),
  async (c) => c.json(clusterBody(await readCluster(c.var.deps, c.var.principal, c.req.valid("param").id)), 200),
);

const healthSchema = z
  .object({
    status: healthStatusSchema,
    message: z.string(),
    last_checked: z.iso.datetime(),
    details: z.object({ runtime: z.string().nullable(), last_seen: z.iso.datetime().nullable() }),
  })
  .openapi("ClusterHealth", {
    example: {
      status: "healthy",
      message: "The cluster's bridge reports",
      last_checked: "2026-10-20T12:00:30.000Z",
      details: { runtime: "kubernetes", last_seen: "2026-10-20T12:00:00.000Z" },
    },
  });

const healthMessages: Record<ClusterView["health"], string> = {
  healthy: "The cluster's bridge reports",
  unhealthy: "The cluster's bridge has gone silent",
  unknown: "No bridge of this cluster has reported yet",
};

clusters.openapi(
  createRoute({
    method: "get",
    path: "/{id}/health",
    operationId: "getClusterHealth",
    tags: ["clusters"],
    summary: "How a cluster is, by what its bridge last said",
    middleware: [allowed("account:read")],
    request: { params: idParameter },
    responses: { 200: json(healthSchema, "Its health"), ...problems({ 404: "None you may use" }) },
  }),
  async (c) => {
    const row = await readCluster(c.var.deps, c.var.principal, c.req.valid("param").id);
    return c.json(
      {
        status: row.health,
        message: healthMessages[row.health],
        last_checked: c.var.deps.now().toISOString(),
        details: { runtime: row.runtime, last_seen: row.lastSeenAt?.toISOString() ?? null },
      },
      200,
    );
  },
);
