/** GET /api/v1/clusters: where environments can live, and in which regions. */
import { createRoute, z } from "@hono/zod-openapi";
import { readAllClusters, readCluster, readClusters } from "../../domain/catalog/clusters.ts";
import { json, problems } from "../../http/answers.ts";
import { allowed } from "../../http/authenticate.ts";
import { alsoBareArray, answerList, paginationOf, paginationSchema } from "../../http/paging.ts";
import { newRouter } from "../../http/router.ts";
import { clusterBody, clusterParameter, clusterSchema, clusterVersion } from "./shape.ts";

export const reading = newRouter();

const listSchema = z.object({ clusters: z.array(clusterSchema), pagination: paginationSchema }).openapi("ClusterList");

reading.openapi(
  createRoute({
    method: "get",
    path: "/",
    operationId: "listClusters",
    tags: ["clusters"],
    summary: "The clusters you may use, by name",
    middleware: [allowed("account:read")],
    ...alsoBareArray("Cluster"),
    request: {
      query: z.object({
        scope: z
          .enum(["own", "all"])
          .default("own")
          .openapi({ description: "all = every cluster, for administrators" }),
      }),
    },
    responses: {
      200: json(listSchema, "All of them"),
      ...problems({ 403: "The personal token lacks a scope, or scope=all was asked by somebody else than an admin" }),
    },
  }),
  async (c) => {
    const isForAll = c.req.valid("query").scope === "all";
    const rows = await (isForAll ? readAllClusters : readClusters)(c.var.deps, c.var.principal);
    const pagination = paginationOf({ limit: Math.max(rows.length, 1), offset: 0 }, rows.length);
    const list = rows.map(clusterBody);
    return answerList(c, { clusters: list, pagination }, list);
  },
);

const regionsSchema = z
  .object({
    regions: z.array(
      z.object({
        region: z.string(),
        clusters: z.array(clusterSchema.pick({ id: true, name: true, status: true, active: true })),
      }),
    ),
  })
  .openapi("ClusterRegions", {
    example: {
      regions: [
        { region: "eu-central", clusters: [{ id: "default", name: "default", status: "active", active: true }] },
      ],
    },
  });

reading.openapi(
  createRoute({
    method: "get",
    path: "/regions",
    operationId: "listRegions",
    tags: ["clusters"],
    summary: "The regions of the clusters you may use",
    middleware: [allowed("account:read")],
    responses: { 200: json(regionsSchema, "The regions by name") },
  }),
  async (c) => {
    const rows = await readClusters(c.var.deps, c.var.principal);
    const regions = [...new Set(rows.map(({ region }) => region))].sort();
    return c.json(
      {
        regions: regions.map((region) => ({
          region,
          clusters: rows
            .filter((row) => row.region === region)
            .map(({ id, name, status }) => ({ id, name, status, active: status === "active" })),
        })),
      },
      200,
    );
  },
);

reading.openapi(
  createRoute({
    method: "get",
    path: "/{id}",
    operationId: "getCluster",
    tags: ["clusters"],
    summary: "One cluster",
    middleware: [allowed("account:read"), clusterVersion.read],
    request: { params: clusterParameter },
    responses: { 200: json(clusterSchema, "The cluster"), ...problems({ 404: "None you may use" }) },
  }),
  async (c) => c.json(clusterBody(await readCluster(c.var.deps, c.var.principal, c.req.valid("param").id)), 200),
);
