/** GET and POST /api/v1/environments. */
import { createRoute, z } from "@hono/zod-openapi";
import { phases, statuses } from "../../../durable-objects/protocol/vocabulary.ts";
import { createEnvironment } from "../../domain/environments/create.ts";
import { type AskedPage, readAllEnvironments, readEnvironments } from "../../domain/environments/read.ts";
import { body, json, problems } from "../../http/answers.ts";
import { allowed } from "../../http/authenticate.ts";
import type { AppContext } from "../../http/context.ts";
import { idempotent } from "../../http/idempotent.ts";
import { alsoBareArray, answerList, pageSchema, paginationOf, paginationSchema } from "../../http/paging.ts";
import { newRouter, withOneOf } from "../../http/router.ts";
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

const listSchema = z
  .object({ environments: z.array(environmentSchema), pagination: paginationSchema })
  .openapi("EnvironmentList");

collection.openapi(
  createRoute({
    method: "get",
    path: "/",
    operationId: "listEnvironments",
    tags: ["environments"],
    summary: "Your environments, newest first",
    middleware: [allowed("environments:read")],
    ...alsoBareArray("Environment"),
    request: {
      query: pageSchema.extend({
        status: z.enum([...statuses, ...phases]).optional(),
        template_id: z.string().max(64).optional(),
        cluster_id: z.string().max(64).optional(),
        scope: z.enum(["own", "all"]).default("own").openapi({ description: "all = everybody's, for administrators" }),
        user_id: z.string().max(64).optional().openapi({ description: "Whose; only with scope=all" }),
      }),
    },
    responses: {
      200: json(listSchema, "A page of them"),
      ...problems({
        403: "The personal token lacks a scope, or scope=all was asked by somebody else than an administrator",
      }),
    },
  }),
  async (c) => {
    const { scope, template_id: templateId, cluster_id: clusterId, user_id: userId, ...page } = c.req.valid("query");
    const asked = { templateId, clusterId, userId, ...page };
    const { environments, total } = await (scope === "all" ? everybodys(c, asked) : own(c, asked));
    return answerList(c, { environments, pagination: paginationOf(page, total) }, environments);
  },
);

async function own(c: AppContext, asked: AskedPage) {
  const { views, total } = await readEnvironments(c.var.deps, c.var.principal, asked);
  return { environments: views.map((view) => environmentBody(view)), total };
}

async function everybodys(c: AppContext, asked: AskedPage & { userId: string | undefined }) {
  const { views, total } = await readAllEnvironments(c.var.deps, c.var.principal, asked);
  return {
    environments: views.map(({ row, variables }) => {
      const { role: _own, ...body } = environmentBody({ row, variables });
      return { ...body, owner: row.owner };
    }),
    total,
  };
}

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
).openapi("EnvironmentCreation", {
  example: { name: "my-app", template: "python", environment_variables: { DEBUG: "1" } },
});

collection.openapi(
  createRoute({
    method: "post",
    path: "/",
    operationId: "createEnvironment",
    tags: ["environments"],
    summary: "Create an environment; waits for it to run and answers what is true then",
    middleware: [allowed("environments:write"), idempotent],
    request: { body: body(creationSchema) },
    responses: {
      201: json(environmentInFullSchema, "Created; `status` tells whether it runs already"),
      ...problems({
        403: "Over the plan's limit, or the e-mail address is not verified",
        404: "Unknown template or cluster",
        409: "The name is in use, or the cluster takes no new environments right now",
        503: "The cluster is full",
      }),
    },
  }),
  async (c) => {
    const asked = c.req.valid("json");
    const view = await createEnvironment(c.var.deps, c.var.principal, {
      name: asked.name,
      template: asked.template ?? asked.template_id ?? "",
      description: asked.description ?? null,
      clusterId: asked.cluster_id,
      resources: askedResources(asked.resources ?? asked.resource_limits),
      variables: withoutNulls(asked.environment_variables ?? {}),
    });
    return c.json(environmentInFullBody(view), 201);
  },
);

function withoutNulls(variables: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
}
