/** GET /api/v1/clusters/{id}/health: how a cluster is, by what its bridge says and by whether it is linked. */
import { createRoute, z } from "@hono/zod-openapi";
import type { LinkedBridge } from "../../../durable-objects/protocol/objects.ts";
import { type ClusterHealth, type ClusterView, readClusterHealth } from "../../domain/catalog/clusters.ts";
import { json, problems } from "../../http/answers.ts";
import { allowed } from "../../http/authenticate.ts";
import { newRouter } from "../../http/router.ts";
import { clusterParameter, healthStatusSchema } from "./shape.ts";

export const health = newRouter();

const count = z.number().int();

const bridgeSchema = z.object({
  linked: z.boolean().nullable().openapi({ description: "Whether its control link is open now; null = not known" }),
  version: z.string().nullable(),
  runtime: z.string().nullable(),
  linked_since: z.iso.datetime().nullable(),
});

const linkedBridgeSchema = z.object({
  id: z.string().openapi({ description: "Of this process; another one has another" }),
  version: z.string(),
  runtime: z.string(),
  linked_since: z.iso.datetime(),
  has_lease: z.boolean().openapi({ description: "Whether it is the one that starts, stops and reports environments" }),
  terminals: count.openapi({ description: "Watched terminals and logs that it serves" }),
  trouble: z
    .string()
    .nullable()
    .openapi({ description: "What keeps it from its work, e.g. that its API server does not answer" }),
  is_draining: z.boolean().openapi({ description: "It is about to end and hands over what it serves" }),
});

const healthSchema = z
  .object({
    status: healthStatusSchema,
    message: z.string(),
    last_checked: z.iso.datetime(),
    details: z.object({
      runtime: z.string().nullable().openapi({ description: "Of the bridge that reported last" }),
      last_seen: z.iso.datetime().nullable(),
      bridge: bridgeSchema.openapi({ description: "The bridge that leads: one of `bridges`" }),
      bridges: z
        .array(linkedBridgeSchema)
        .nullable()
        .openapi({ description: "The bridges whose control links are open now; null = not known" }),
      environments: z
        .object({ creating: count, running: count, stopped: count, error: count, total: count, max: count })
        .openapi({ description: "What lives there, by status, and how much may" }),
    }),
  })
  .openapi("ClusterHealth", {
    example: {
      status: "healthy",
      message: "The cluster's bridge reports",
      last_checked: "2026-10-20T12:00:30.000Z",
      details: {
        runtime: "kubernetes",
        last_seen: "2026-10-20T12:00:00.000Z",
        bridge: { linked: true, version: "1.0.0", runtime: "kubernetes", linked_since: "2026-10-20T09:00:00.000Z" },
        bridges: [
          {
            id: "0a1b2c3d-0000-4000-8000-000000000001",
            version: "1.0.0",
            runtime: "kubernetes",
            linked_since: "2026-10-20T09:00:00.000Z",
            has_lease: true,
            terminals: 4,
            trouble: null,
            is_draining: false,
          },
        ],
        environments: { creating: 0, running: 9, stopped: 3, error: 0, total: 12, max: 100 },
      },
    },
  });

const healthMessages: Record<ClusterView["health"], string> = {
  healthy: "The cluster's bridge reports",
  unhealthy: "The cluster's bridge has gone silent",
  unknown: "No bridge of this cluster has reported yet",
};

health.openapi(
  createRoute({
    method: "get",
    path: "/{id}/health",
    operationId: "getClusterHealth",
    tags: ["clusters"],
    summary: "How a cluster is, by what its bridge last said",
    middleware: [allowed("account:read")],
    request: { params: clusterParameter },
    responses: { 200: json(healthSchema, "Its health"), ...problems({ 404: "None you may use" }) },
  }),
  async (c) => {
    const found = await readClusterHealth(c.var.deps, c.var.principal, c.req.valid("param").id);
    return c.json(healthBody(found, c.var.deps.now()), 200);
  },
);

function healthBody({ cluster, bridges, environments }: ClusterHealth, now: Date): z.infer<typeof healthSchema> {
  const { terminated: _, ...living } = environments;
  const total = Object.values(living).reduce((sum, some) => sum + some, 0);
  const trouble = bridges?.find(({ hasLease }) => hasLease)?.trouble ?? null;
  return {
    status: trouble === null ? cluster.health : "unhealthy",
    message: trouble === null ? healthMessages[cluster.health] : `The cluster's bridge cannot do its work: ${trouble}`,
    last_checked: now.toISOString(),
    details: {
      runtime: cluster.runtime,
      last_seen: cluster.lastSeenAt?.toISOString() ?? null,
      bridge: leaderBody(bridges),
      bridges: bridges?.map(linkedBridgeBody) ?? null,
      environments: { ...living, total, max: cluster.maxEnvironments },
    },
  };
}

function leaderBody(bridges: ClusterHealth["bridges"]): z.infer<typeof bridgeSchema> {
  const leader = bridges?.find(({ hasLease }) => hasLease) ?? bridges?.[0];
  const linked = bridges === undefined ? null : leader !== undefined;
  if (leader === undefined) return { linked, version: null, runtime: null, linked_since: null };
  const { version, runtime, sinceMs } = leader;
  return { linked, version, runtime, linked_since: new Date(sinceMs).toISOString() };
}

function linkedBridgeBody(bridge: LinkedBridge): z.infer<typeof linkedBridgeSchema> {
  return {
    id: bridge.bridgeId,
    version: bridge.version,
    runtime: bridge.runtime,
    linked_since: new Date(bridge.sinceMs).toISOString(),
    has_lease: bridge.hasLease,
    terminals: bridge.terminals,
    trouble: bridge.trouble,
    is_draining: bridge.isDraining,
  };
}
