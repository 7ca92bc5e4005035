/** GET, PUT and DELETE /api/v1/environments/{id}. */
import { createRoute, z } from "@hono/zod-openapi";
import { deleteEnvironment } from "../../domain/environments/act.ts";
import { readEnvironment } from "../../domain/environments/read.ts";
import { updateEnvironment } from "../../domain/environments/update.ts";
import { json, problems } from "../../http/answers.ts";
import { allowed } from "../../http/authenticate.ts";
import { bearer, newRouter } from "../../http/router.ts";
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

single.openapi(
  createRoute({
    method: "get",
    path: "/{id}",
    tags: ["environments"],
    summary: "One environment with its template, cluster and terminals",
    security: bearer,
    middleware: [allowed("environments:read")],
    request: { params: idParameter },
    responses: { 200: json(environmentInFullSchema, "The environment"), ...problems({ 404: "None of yours" }) },
  }),
  async (c) => {
    const view = await readEnvironment(c.var.deps, c.var.principal, c.req.valid("param").id);
    return c.json(environmentInFullBody(view), 200);
  },
);

const changesSchema = z.object({
  name: nameSchema.optional(),
  description: descriptionSchema.optional(),
  resources: askedResourcesSchema.optional(),
  resource_limits: askedResourcesSchema.optional(),
  environment_variables: askedVariablesSchema.optional().openapi({ description: "A null value removes the variable" }),
});

single.openapi(
  createRoute({
    method: "put",
    path: "/{id}",
    tags: ["environments"],
    summary: "Change name, description, sizes or variables; `pending_restart` tells what waits for the next start",
    security: bearer,
    middleware: [allowed("environments:write")],
    request: {
      params: idParameter,
      body: { content: { "application/json": { schema: changesSchema } }, required: true },
    },
    responses: {
      200: json(environmentInFullSchema, "The environment as it is now"),
      ...problems({
        400: "A field is wrong",
        403: "Over the plan's limit",
        404: "None of yours",
        409: "The name is in use, or somebody else changed it at the same time",
      }),
    },
  }),
  async (c) => {
    const body = c.req.valid("json");
    const resources = body.resources ?? body.resource_limits;
    const view = await updateEnvironment(c.var.deps, c.var.principal, c.req.valid("param").id, {
      name: body.name,
      description: body.description,
      resources: resources === undefined ? undefined : askedResources(resources),
      variables: body.environment_variables,
    });
    return c.json(environmentInFullBody(view), 200);
  },
);

single.openapi(
  createRoute({
    method: "delete",
    path: "/{id}",
    tags: ["environments"],
    summary: "Delete an environment and its files",
    security: bearer,
    middleware: [allowed("environments:write")],
    request: { params: idParameter, query: z.object({ force: z.enum(["true", "false"]).optional() }) },
    responses: {
      200: json(z.object({ message: z.string() }), "Deleted"),
      ...problems({ 400: "It is running and `force` was not given", 404: "None of yours" }),
    },
  }),
  async (c) => {
    const isForced = c.req.valid("query").force === "true";
    await deleteEnvironment(c.var.deps, c.var.principal, c.req.valid("param").id, isForced);
    return c.json({ message: "Environment deleted successfully" }, 200);
  },
);
