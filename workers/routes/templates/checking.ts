/** The JSON Schema of templates, and POST /api/v1/templates/validate: what is wrong with one, by line and column. */
import { createRoute, z } from "@hono/zod-openapi";
import { json, problems } from "../../http/answers.ts";
import { allowed } from "../../http/authenticate.ts";
import { bodyOrYaml, boundedText, yamlIn } from "../../http/documents.ts";
import { limitedByAddress } from "../../http/limits.ts";
import { newRouter } from "../../http/router.ts";
import { keptForAMinute } from "../../http/shared-caching.ts";
import { formatResources } from "../../rules/quantities.ts";
import { templateJsonSchema } from "../../rules/template-schema.ts";
import { readText } from "../../rules/template-text.ts";
import { type TemplateFile, templateFileSchema } from "../../rules/templates.ts";
import { yamlSchema } from "./input.ts";
import { templateSchema } from "./shape.ts";

export const checking = newRouter();

const schemaPath = "/api/v1/templates/schema.json";
/** A whole schema as an example would be one that readers of the document take for a schema of it. */
const jsonSchemaSchema = z
  .looseObject({ $schema: z.string(), type: z.string() })
  .openapi("JsonSchema", { example: { $schema: "https://json-schema.org/draft/2020-12/schema", type: "object" } });

checking.openapi(
  createRoute({
    method: "get",
    path: "/schema.json",
    operationId: "getTemplateSchema",
    tags: ["templates"],
    summary: "The JSON Schema (draft 2020-12) of a template file",
    middleware: [limitedByAddress, keptForAMinute],
    responses: {
      200: { content: { "application/schema+json": { schema: jsonSchemaSchema } }, description: "The schema" },
    },
  }),
  async (c) => {
    const origin = c.var.deps.config.publicUrl ?? new URL(c.req.url).origin;
    return c.json(templateJsonSchema(`${origin}${schemaPath}`) as z.infer<typeof jsonSchemaSchema>, 200, {
      "Content-Type": "application/schema+json",
    });
  },
);

const askedSchema = z
  .object({ template: z.string().openapi({ description: "A template file as text, YAML or JSON" }) })
  .openapi("TemplateText", { example: { template: "id: Python!\n" } });

const documentSchema = z.object({
  ...templateSchema.pick({ id: true, display_name: true, description: true, category: true, tags: true }).shape,
  ...templateSchema.pick({ aliases: true, docker_image: true, default_port: true, status: true, version: true }).shape,
  ...templateSchema.pick({ environment_variables: true, startup_commands: true, needs_root: true }).shape,
  ...templateSchema.pick({ documentation_url: true, icon_url: true }).shape,
  resources: templateSchema.shape.default_resources,
});

const verdictSchema = z
  .object({
    valid: z.boolean(),
    problems: z.array(
      z.object({
        path: z.string().openapi({ description: "Empty for the document as a whole" }),
        message: z.string(),
        line: z.number().int().openapi({ description: "From 1" }),
        column: z.number().int().openapi({ description: "From 1" }),
      }),
    ),
    template: documentSchema.optional().openapi({ description: "What a valid text says, defaults filled in" }),
  })
  .openapi("TemplateVerdict", {
    example: {
      valid: false,
      problems: [{ path: "id", message: "must be a slug such as python-3.11", line: 1, column: 5 }],
    },
  });

checking.openapi(
  createRoute({
    method: "post",
    path: "/validate",
    operationId: "validateTemplate",
    tags: ["templates"],
    summary: "What is wrong with a template file, each problem with its line and column; nothing is kept",
    middleware: [allowed("account:read")],
    request: { body: bodyOrYaml(askedSchema, yamlSchema) },
    responses: { 200: json(verdictSchema, "The verdict"), ...problems({ 413: "The text is larger than 64 KiB" }) },
  }),
  async (c) => {
    const text = (await yamlIn(c)) ?? boundedText(c.req.valid("json").template);
    const read = await readText(text, templateFileSchema);
    if (!read.ok) return c.json({ valid: false, problems: read.problems }, 200);
    return c.json({ valid: true, problems: [], template: written(read.value) }, 200);
  },
);

/** A checked template with its sizes as people write them. */
function written({ resources: { cpu, memory, storage }, ...file }: TemplateFile) {
  const resources = formatResources({ cpu_millicores: cpu, memory_bytes: memory, storage_bytes: storage });
  return { ...file, resources };
}
