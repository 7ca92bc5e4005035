/** POST, PUT and DELETE of clusters. For administrators. */
import { createRoute } from "@hono/zod-openapi";
import { changeCluster, createCluster, removeCluster } from "../../domain/catalog/cluster-changes.ts";
import type { ClusterView } from "../../domain/catalog/clusters.ts";
import { body, json, problems } from "../../http/answers.ts";
import { administrator } from "../../http/authenticate.ts";
import { idempotent } from "../../http/idempotent.ts";
import { newRouter } from "../../http/router.ts";
import { messageSchema } from "../account-shapes.ts";
import {
  askedCluster,
  clusterBody,
  clusterChangesSchema,
  clusterParameter,
  clusterSchema,
  clusterVersion,
  newClusterSchema,
} from "./shape.ts";

export const changing = newRouter();

const nameTaken = "Another cluster has this name, in whatever case";

changing.openapi(
  createRoute({
    method: "post",
    path: "/",
    operationId: "createCluster",
    tags: ["clusters"],
    summary: "Add a cluster; the first one is the default. Its bridge is let in by a token (POST .../tokens)",
    middleware: [administrator, idempotent],
    request: { body: body(newClusterSchema) },
    responses: { 201: json(clusterSchema, "The new cluster"), ...problems({ 409: nameTaken }) },
  }),
  async (c) => {
    const row = await createCluster(c.var.deps, c.var.principal, askedCluster(c.req.valid("json")));
    return c.json(clusterBody(row), 201);
  },
);

changing.openapi(
  createRoute({
    method: "put",
    path: "/{id}",
    operationId: "updateCluster",
    tags: ["clusters"],
    summary: "Change what is given of a cluster",
    middleware: [administrator, clusterVersion.write],
    request: { params: clusterParameter, body: body(clusterChangesSchema) },
    responses: {
      200: json(clusterSchema, "The cluster as it is now"),
      ...problems({ 404: "Unknown cluster", 409: nameTaken }),
    },
  }),
  async (c) => {
    const expected = clusterVersion.expected(c);
    const row = await changeCluster(c.var.deps, c.var.principal, c.req.valid("param").id, {
      ...askedCluster(c.req.valid("json")),
      expected: expected && ((before: ClusterView) => expected(clusterBody(before))),
    });
    return c.json(clusterBody(row), 200);
  },
);

changing.openapi(
  createRoute({
    method: "delete",
    path: "/{id}",
    operationId: "deleteCluster",
    tags: ["clusters"],
    summary: "Remove a cluster that no environments live on, with its bridges' tokens",
    middleware: [administrator],
    request: { params: clusterParameter },
    responses: {
      200: json(messageSchema, "It is gone"),
      ...problems({ 404: "Unknown cluster", 409: "Environments live there, or it is the default among others" }),
    },
  }),
  async (c) => {
    const { name } = await removeCluster(c.var.deps, c.var.principal, c.req.valid("param").id);
    return c.json({ message: `Cluster ${name} was removed` }, 200);
  },
);
