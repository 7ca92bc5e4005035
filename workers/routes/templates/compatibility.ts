/** GET /api/v1/templates/{id}/compatibility: whether and where an environment of a template could be made now. */
import { createRoute, z } from "@hono/zod-openapi";
import { type Compatibility, type Obstacle, readCompatibility } from "../../domain/catalog/compatibility.ts";
import { json, problems } from "../../http/answers.ts";
import { allowed } from "../../http/authenticate.ts";
import { newRouter } from "../../http/router.ts";
import { formatResources } from "../../rules/quantities.ts";
import { clusterSchema } from "../clusters/shape.ts";
import { templateSchema } from "./shape.ts";

export const compatibility = newRouter();

const words: Record<Obstacle, string> = {
  template_deprecated: "The template is deprecated",
  no_cluster: "No cluster you may use can take it right now",
  cluster_closed: "The cluster takes no new environments right now",
  cluster_full: "The cluster is full",
  bridge_silent: "The cluster's bridge has gone silent",
  bridge_missing: "No bridge of the cluster has reported yet",
};
const codes = Object.keys(words) as [Obstacle, ...Obstacle[]];
const reasonSchema = z.object({ code: z.enum(codes), message: z.string() });

const compatibilitySchema = z
  .object({
    template_id: z.string(),
    compatible: z.boolean(),
    reasons: z.array(reasonSchema).openapi({ description: "What stands in the way; empty when nothing does" }),
    resources: templateSchema.shape.default_resources.openapi({
      description: "What it would get under your plan when nothing is asked for",
    }),
    fits_plan: z.boolean().openapi({ description: "Whether these are the sizes the template was made for" }),
    clusters: z.array(
      clusterSchema
        .pick({ id: true, name: true, region: true, status: true })
        .extend({ compatible: z.boolean(), reasons: z.array(reasonSchema) }),
    ),
  })
  .openapi("TemplateCompatibility", {
    example: {
      template_id: "rust",
      compatible: true,
      reasons: [],
      resources: { cpu: "1", memory: "2Gi", storage: "10Gi" },
      fits_plan: false,
      clusters: [
        { id: "default", name: "default", region: "eu-central", status: "active", compatible: true, reasons: [] },
      ],
    },
  });

compatibility.openapi(
  createRoute({
    method: "get",
    path: "/{id}/compatibility",
    operationId: "getTemplateCompatibility",
    tags: ["templates"],
    summary: "Whether and where you could make an environment of a template now, and what stands in the way",
    middleware: [allowed("account:read")],
    request: { params: z.object({ id: z.string() }) },
    responses: { 200: json(compatibilitySchema, "The verdict"), ...problems({ 404: "Unknown template" }) },
  }),
  async (c) => {
    const found = await readCompatibility(c.var.deps, c.var.principal, c.req.valid("param").id);
    return c.json(compatibilityBody(found), 200);
  },
);

function compatibilityBody(found: Compatibility): z.infer<typeof compatibilitySchema> {
  return {
    template_id: found.template.id,
    ...verdict(found.obstacles),
    resources: formatResources(found.resources),
    fits_plan: found.fitsPlan,
    clusters: found.clusters.map(({ cluster: { id, name, region, status }, obstacles }) => ({
      ...{ id, name, region, status },
      ...verdict(obstacles),
    })),
  };
}

function verdict(obstacles: readonly Obstacle[]) {
  const reasons = obstacles.map((code) => ({ code, message: words[code] }));
  return { compatible: reasons.length === 0, reasons };
}
