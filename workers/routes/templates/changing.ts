/** POST, PUT and DELETE of templates, and bringing the default ones back. For administrators. */
import { createRoute, z } from "@hono/zod-openapi";
import {
  changeTemplate,
  createTemplate,
  deprecateTemplate,
  initializeTemplates,
} from "../../domain/catalog/template-changes.ts";
import type { TemplateRow } from "../../domain/catalog/templates.ts";
import { json, problems } from "../../http/answers.ts";
import { administrator } from "../../http/authenticate.ts";
import { bodyOrYaml, readYaml, yamlIn } from "../../http/documents.ts";
import { idempotent } from "../../http/idempotent.ts";
import { newRouter } from "../../http/router.ts";
import { templateChangeSchema, templateFileSchema } from "../../rules/templates.ts";
import { messageSchema } from "../account-shapes.ts";
import { newTemplateOf, newTemplateSchema, templateChangeOf, templateChangesSchema, yamlSchema } from "./input.ts";
import { templateBody, templateSchema, templateVersion } from "./shape.ts";

export const changing = newRouter();

const idParameter = z.object({ id: z.string().openapi({ description: "Slug, alias or display name, in any case" }) });
const nameTaken = "Another template goes by one of its names, in whatever case";

changing.openapi(
  createRoute({
    method: "post",
    path: "/",
    operationId: "createTemplate",
    tags: ["templates"],
    summary: "Add a template, from JSON or YAML",
    middleware: [administrator, idempotent],
    request: { body: bodyOrYaml(newTemplateSchema, yamlSchema) },
    responses: { 201: json(templateSchema, "The new template"), ...problems({ 409: nameTaken }) },
  }),
  async (c) => {
    const yaml = await yamlIn(c);
    const file = yaml === null ? newTemplateOf(c.req.valid("json")) : await readYaml(yaml, templateFileSchema);
    return c.json(templateBody(await createTemplate(c.var.deps, c.var.principal, file)), 201);
  },
);

const initializedSchema = z
  .object({ message: z.string(), created: z.array(z.string()), skipped: z.array(z.string()) })
  .openapi("TemplatesInitialized", {
    example: { message: "1 template was added, 8 were there", created: ["rust"], skipped: ["python", "nodejs"] },
  });

changing.openapi(
  createRoute({
    method: "post",
    path: "/initialize",
    operationId: "initializeTemplates",
    tags: ["templates"],
    summary: "Add those of the default templates that are missing; may be repeated",
    middleware: [administrator],
    responses: { 200: json(initializedSchema, "Which were added and which were there") },
  }),
  async (c) => {
    const { created, skipped } = await initializeTemplates(c.var.deps, c.var.principal);
    const message = `${created.length} added, ${skipped.length} left as they are`;
    return c.json({ message, created, skipped }, 200);
  },
);

changing.openapi(
  createRoute({
    method: "put",
    path: "/{id}",
    operationId: "updateTemplate",
    tags: ["templates"],
    summary: "Change what is given of a template; environments that were made of it stay as they are",
    middleware: [administrator, templateVersion.write],
    request: { params: idParameter, body: bodyOrYaml(templateChangesSchema, yamlSchema) },
    responses: {
      200: json(templateSchema, "The template as it is now"),
      ...problems({ 404: "Unknown template", 409: nameTaken }),
    },
  }),
  async (c) => {
    const yaml = await yamlIn(c);
    const change = yaml === null ? templateChangeOf(c.req.valid("json")) : await readYaml(yaml, templateChangeSchema);
    const expected = templateVersion.expected(c);
    const row = await changeTemplate(c.var.deps, c.var.principal, c.req.valid("param").id, {
      ...change,
      expected: expected && ((before: TemplateRow) => expected(templateBody(before))),
    });
    return c.json(templateBody(row), 200);
  },
);

changing.openapi(
  createRoute({
    method: "delete",
    path: "/{id}",
    operationId: "deprecateTemplate",
    tags: ["templates"],
    summary: "Deprecate a template: no further environments are made of it; may be repeated",
    middleware: [administrator],
    request: { params: idParameter },
    responses: { 200: json(messageSchema, "It is deprecated"), ...problems({ 404: "Unknown template" }) },
  }),
  async (c) => {
    const { id } = await deprecateTemplate(c.var.deps, c.var.principal, c.req.valid("param").id);
    return c.json({ message: `Template ${id} is deprecated` }, 200);
  },
);
