/** GET and POST /api/v1/environments. */
import { createRoute, z } from "@hono/zod-openapi";
import { phases, statuses } from "../../../durable-objects/protocol/vocabulary.ts";
import { createEnvironment } from "../../domain/environments/create.ts";
import { readEnvironments } from "../../domain/environments/read.ts";
import { json, problems } from "../../http/answers.ts";
import { allowed } from "../../http/authenticate.ts";
import { pageSchema, paginationOf, paginationSchema, wantsBareArray } from "../../http/paging.ts";
import { bearer, newRouter, withOneOf } from "../../http/router.ts";
import {
  askedResources,
  askedResourcesSchema,
  askedVariablesSchema,
  descriptionSchema,
  environmentBody,
  environmentInFullBody,
  environmentInFullSchema,
  environmentSchema,
  nameSchema,
} from "./shapes.ts";

export const collection = newRouter();

const listSchema = z.object({ environments: z.array(environmentSchema), pagination: paginationSchema });

collection.openapi(
  createRoute({
    method: "get",
    path: "/",
    tags: ["environments"],
    summary: "Your environments, newest first; with a trailing slash the bare array",
    security: bearer,
    middleware: [allowed("environments:read")],
    request: {
      query: pageSchema.extend({
        status: z.enum([...statuses, ...phases]).optional(),
        template_id: z.string().max(64).optional(),
      }),
    },
    responses: {
      200: json(z.union([listSchema, z.array(environmentSchema)]), "A page of them"),
      ...problems({ 400: "A parameter is wrong" }),
    },
  }),
  async (c) => {
    const { status, template_id: templateId, ...page } = c.req.valid("query");
    const asked = { status, templateId, ...page };
    const { views, total } = await readEnvironments(c.var.deps, c.var.principal, asked);
    const environments = views.map((view) => environmentBody(view));
    return c.json(wantsBareArray(c) ? environments : { environments, pagination: paginationOf(page, total) }, 200);
  },
);

const creationSchema = withOneOf(
  z.object({
    name: nameSchema,
    template: z.string().min(1).max(80).optional(),
    template_id: z.string().min(1).max(80).optional(),
    description: descriptionSchema.optional(),
    cluster_id: z.string().min(1).max(64).optional(),
    resources: askedResourcesSchema.optional(),
    resource_limits: askedResourcesSchema.optional(),
    environment_variables: askedVariablesSchema.optional(),
  }),
  ["template", "template_id"],
);

collection.openapi(
  createRoute({
    method: "post",
    path: "/",
    tags: ["environments"],
    summary: "Create an environment; waits for it to run and answers what is true then",
    security: bearer,
    middleware: [allowed("environments:write")],
    request: { body: { content: { "application/json": { schema: creationSchema } }, required: true } },
    responses: {
      201: json(environmentInFullSchema, "Created; `status` tells whether it runs already"),
      ...problems({
        400: "A field is wrong",
        403: "Over the plan's limit, or the e-mail address is not verified",
        404: "Unknown template or cluster",
        409: "The name is in use",
        503: "The cluster is full",
      }),
    },
  }),
  async (c) => {
    const body = c.req.valid("json");
    const view = await createEnvironment(c.var.deps, c.var.principal, {
      name: body.name,
      template: body.template ?? body.template_id ?? "",
      description: body.description ?? null,
      clusterId: body.cluster_id,
      resources: askedResources(body.resources ?? body.resource_limits),
      variables: withoutNulls(body.environment_variables ?? {}),
    });
    return c.json(environmentInFullBody(view), 201);
  },
);

function withoutNulls(variables: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
}
