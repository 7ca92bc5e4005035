/** A template on its way in: JSON by the API's rules (unknown keys are ignored), YAML by those of a file. */
import { z } from "@hono/zod-openapi";
import { withOneOf } from "../../http/router.ts";
import { type TemplateChange, type TemplateFile, templateFields, templateFileSchema } from "../../rules/templates.ts";

const resourcesSchema = z.object(templateFields.resources.shape);
/** `default_resources` is what answers call the sizes, so that what was read can be sent back. */
const sizes = { resources: resourcesSchema.optional(), default_resources: resourcesSchema.optional() };

const example = {
  id: "python-data",
  display_name: "Python for data",
  description: "Python 3.12 with the usual libraries",
  category: "programming_language",
  tags: ["python", "data"],
  docker_image: "python:3.12",
  default_port: 8888,
  resources: { cpu: "1", memory: "2Gi", storage: "10Gi" },
  startup_commands: ["pip install numpy pandas"],
};

export const newTemplateSchema = withOneOf(z.object({ ...templateFileSchema.shape, ...sizes }), [
  "resources",
  "default_resources",
]).openapi("NewTemplate", { example });

export const templateChangesSchema = z
  .object({ ...templateFields, ...sizes })
  .partial()
  .openapi("TemplateChanges", { example: { status: "beta", docker_image: "python:3.13" } });

/** How the document shows a template as YAML. */
export const yamlSchema = z.string().openapi({
  description: "A template file; /api/v1/templates/schema.json describes it",
  example: `id: python-data
display_name: Python for data
description: Python 3.12 with the usual libraries
category: programming_language
docker_image: python:3.12
resources: { cpu: "1", memory: 2Gi, storage: 10Gi }
`,
});

/** The template in a validated JSON body; `resources` wins over its other name. */
export function newTemplateOf(body: z.output<typeof newTemplateSchema>): TemplateFile {
  const { default_resources, resources = default_resources, ...file } = body;
  if (resources === undefined) throw new Error("the schema lets no template through without sizes");
  return { ...file, resources };
}

/** The change in a validated JSON body. */
export function templateChangeOf(body: z.output<typeof templateChangesSchema>): TemplateChange {
  const { default_resources, resources = default_resources, ...change } = body;
  return { ...change, resources };
}
