/** /api/v1/clusters/{id}/users: who may use a cluster that is not open to everybody. For administrators. */
import { createRoute, z } from "@hono/zod-openapi";
import {
  letIntoCluster,
  readClusterUser,
  readClusterUsers,
  takeFromCluster,
} from "../../domain/catalog/cluster-access.ts";
import { json, problems } from "../../http/answers.ts";
import { administrator } from "../../http/authenticate.ts";
import { pageSchema, paginationOf, paginationSchema } from "../../http/paging.ts";
import { newRouter } from "../../http/router.ts";
import { messageSchema } from "../account-shapes.ts";
import { clusterParameter } from "./shape.ts";

export const access = newRouter();

const accessSchema = z
  .object({
    user_id: z.string(),
    username: z.string(),
    email: z.string(),
    granted: z.boolean(),
    granted_at: z.iso.datetime().nullable(),
  })
  .openapi("ClusterAccess", {
    example: {
      user_id: "usr_0000000000example00",
      username: "ada",
      email: "ada@example.com",
      granted: true,
      granted_at: "2026-10-20T12:00:00.000Z",
    },
  });
const listSchema = z
  .object({ users: z.array(accessSchema), pagination: paginationSchema })
  .openapi("ClusterAccessList");
const parameters = clusterParameter.extend({ userId: z.string() });

interface Access {
  userId: string;
  username: string;
  email: string;
  grantedAt: Date | null;
}

function accessBody({ userId, username, email, grantedAt }: Access): z.infer<typeof accessSchema> {
  const granted_at = grantedAt?.toISOString() ?? null;
  return { user_id: userId, username, email, granted: granted_at !== null, granted_at };
}

access.openapi(
  createRoute({
    method: "get",
    path: "/{id}/users",
    operationId: "listClusterUsers",
    tags: ["clusters"],
    summary: "Those who were let into a cluster; one that is shared is open to everybody besides",
    middleware: [administrator],
    request: { params: clusterParameter, query: pageSchema },
    responses: { 200: json(listSchema, "A page of them, by user name"), ...problems({ 404: "Unknown cluster" }) },
  }),
  async (c) => {
    const page = c.req.valid("query");
    const { rows, total } = await readClusterUsers(c.var.deps, c.req.valid("param").id, page);
    return c.json({ users: rows.map(accessBody), pagination: paginationOf(page, total) }, 200);
  },
);

access.openapi(
  createRoute({
    method: "get",
    path: "/{id}/users/{userId}",
    operationId: "getClusterUser",
    tags: ["clusters"],
    summary: "Whether somebody was let into a cluster",
    middleware: [administrator],
    request: { params: parameters },
    responses: { 200: json(accessSchema, "Their access"), ...problems({ 404: "Unknown cluster or person" }) },
  }),
  async (c) => {
    const { id, userId } = c.req.valid("param");
    return c.json(accessBody(await readClusterUser(c.var.deps, id, userId)), 200);
  },
);

access.openapi(
  createRoute({
    method: "put",
    path: "/{id}/users/{userId}",
    operationId: "grantCluster",
    tags: ["clusters"],
    summary: "Let somebody into a cluster; may be repeated",
    middleware: [administrator],
    request: { params: parameters },
    responses: { 200: json(accessSchema, "Their access"), ...problems({ 404: "Unknown cluster or person" }) },
  }),
  async (c) => {
    const { id, userId } = c.req.valid("param");
    return c.json(accessBody(await letIntoCluster(c.var.deps, c.var.principal, id, userId)), 200);
  },
);

access.openapi(
  createRoute({
    method: "delete",
    path: "/{id}/users/{userId}",
    operationId: "revokeCluster",
    tags: ["clusters"],
    summary: "Take somebody's access back; environments they have there stay theirs",
    middleware: [administrator],
    request: { params: parameters },
    responses: { 200: json(messageSchema, "Taken back"), ...problems({ 404: "They had none" }) },
  }),
  async (c) => {
    const { id, userId } = c.req.valid("param");
    await takeFromCluster(c.var.deps, c.var.principal, id, userId);
    return c.json({ message: "Access was taken back" }, 200);
  },
);
