/** GET, PUT and DELETE /api/v1/environments/{id}. */
import { createRoute, z } from "@hono/zod-openapi";
import { deleteEnvironment } from "../../domain/environments/act.ts";
import { readEnvironment } from "../../domain/environments/read.ts";
import { updateEnvironment } from "../../domain/environments/update.ts";
import type { EnvironmentInFull, View } from "../../domain/environments/view.ts";
import { body, json, problems } from "../../http/answers.ts";
import { allowed } from "../../http/authenticate.ts";
import { newRouter } from "../../http/router.ts";
import { versionOf } from "../../http/versions.ts";
import { messageSchema } from "../account-shapes.ts";
import {
  askedResources,
  askedResourcesSchema,
  askedVariablesSchema,
  descriptionSchema,
  environmentInFullBody,
  environmentInFullSchema,
  idParameter,
  nameSchema,
} from "./shapes.ts";

export const single = newRouter();

const version = versionOf("name", "description", "resources", "environment_variables");

single.openapi(
  createRoute({
    method: "get",
    path: "/{id}",
    operationId: "getEnvironment",
    tags: ["environments"],
    summary: "One environment with its template, cluster and terminals",
    middleware: [allowed("environments:read"), version.read],
    request: { params: idParameter },
    responses: { 200: json(environmentInFullSchema, "The environment"), ...problems({ 404: "None of yours" }) },
  }),
  async (c) => {
    const view = await readEnvironment(c.var.deps, c.var.principal, c.req.valid("param").id);
    return c.json(environmentInFullBody(view), 200);
  },
);

const changesSchema = z
  .object({
    name: nameSchema.optional(),
    description: descriptionSchema.optional(),
    resources: askedResourcesSchema.optional(),
    resource_limits: askedResourcesSchema.optional(),
    environment_variables: askedVariablesSchema
      .optional()
      .openapi({ description: "A null value removes the variable" }),
  })
  .openapi("EnvironmentChange", { example: { name: "renamed", environment_variables: { DEBUG: null } } });

single.openapi(
  createRoute({
    method: "put",
    path: "/{id}",
    operationId: "updateEnvironment",
    tags: ["environments"],
    summary: "Change name, description, sizes or variables; `pending_restart` tells what waits for the next start",
    middleware: [allowed("environments:write"), version.write],
    request: { params: idParameter, body: body(changesSchema) },
    responses: {
      200: json(environmentInFullSchema, "The environment as it is now"),
      ...problems({
        403: "Over the plan's limit",
        404: "None of yours",
        409: "The name is in use, or somebody else changed it at the same time",
      }),
    },
  }),
  async (c) => {
    const asked = c.req.valid("json");
    const resources = asked.resources ?? asked.resource_limits;
    const expected = version.expected(c);
    const changes = {
      name: asked.name,
      description: asked.description,
      resources: resources === undefined ? undefined : askedResources(resources),
      variables: asked.environment_variables,
      expected: expected && ((view: View<EnvironmentInFull>) => expected(environmentInFullBody(view))),
    };
    const view = await updateEnvironment(c.var.deps, c.var.principal, c.req.valid("param").id, changes);
    return c.json(environmentInFullBody(view), 200);
  },
);

single.openapi(
  createRoute({
    method: "delete",
    path: "/{id}",
    operationId: "deleteEnvironment",
    tags: ["environments"],
    summary: "Delete an environment and its files",
    middleware: [allowed("environments:write")],
    request: { params: idParameter, query: z.object({ force: z.enum(["true", "false"]).optional() }) },
    responses: {
      200: json(messageSchema, "Deleted"),
      ...problems({ 400: "It is running and `force` was not given", 404: "None of yours" }),
    },
  }),
  async (c) => {
    const isForced = c.req.valid("query").force === "true";
    await deleteEnvironment(c.var.deps, c.var.principal, c.req.valid("param").id, isForced);
    return c.json({ message: "Environment deleted successfully" }, 200);
  },
);
