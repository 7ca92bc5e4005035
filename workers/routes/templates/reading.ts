/** GET /api/v1/templates: the list, categories, the most used, a search, one by any of its names. Public. */
import { createRoute, z } from "@hono/zod-openapi";
import { readCategories, readTemplate, readTemplates, type TemplateFilter } from "../../domain/catalog/templates.ts";
import { json, problems } from "../../http/answers.ts";
import { limitedByAddress } from "../../http/limits.ts";
import {
  alsoBareArray,
  answerList,
  type Pagination,
  pageSchema,
  paginationOf,
  paginationSchema,
} from "../../http/paging.ts";
import { newRouter } from "../../http/router.ts";
import { keptForAMinute } from "../../http/shared-caching.ts";
import { templateCategories, templateStatuses } from "../../rules/templates.ts";
import { templateBody, templateSchema, templateVersion } from "./shape.ts";

export const reading = newRouter();

const listSchema = z
  .object({ templates: z.array(templateSchema), pagination: paginationSchema })
  .openapi("TemplateList");
const categoriesSchema = z
  .object({ categories: z.array(z.object({ category: z.enum(templateCategories), count: z.number().int() })) })
  .openapi("TemplateCategories", { example: { categories: [{ category: "programming_language", count: 4 }] } });
/** All of them fit a page of the app, which asks for no page. */
const wholeListSchema = pageSchema.extend({ limit: pageSchema.shape.limit.unwrap().default(100) });
const categorySchema = z.enum(templateCategories).optional();

async function listBody(page: { limit: number; offset: number }, read: ReturnType<typeof readTemplates>) {
  const { rows, total } = await read;
  const pagination: Pagination = paginationOf(page, total);
  return { templates: rows.map(templateBody), pagination };
}

reading.openapi(
  createRoute({
    method: "get",
    path: "/",
    operationId: "listTemplates",
    tags: ["templates"],
    summary: "The templates by name",
    middleware: [limitedByAddress, keptForAMinute],
    ...alsoBareArray("Template"),
    request: {
      query: wholeListSchema.extend({
        category: categorySchema,
        status: z.enum(templateStatuses).optional(),
        search: z.string().max(100).optional(),
        include_deprecated: z.enum(["true", "false"]).optional(),
      }),
    },
    responses: { 200: json(listSchema, "A page of them") },
  }),
  async (c) => {
    const { limit, offset, include_deprecated, ...filter } = c.req.valid("query");
    const page = { limit, offset, order: "name" } as const;
    const asked: TemplateFilter = { ...filter, includeDeprecated: include_deprecated === "true" };
    const body = await listBody(page, readTemplates(c.var.deps, asked, page));
    return answerList(c, body, body.templates);
  },
);

reading.openapi(
  createRoute({
    method: "get",
    path: "/categories",
    operationId: "listTemplateCategories",
    tags: ["templates"],
    summary: "The categories and how many templates each has",
    middleware: [limitedByAddress, keptForAMinute],
    responses: { 200: json(categoriesSchema, "Those that have any") },
  }),
  async (c) => c.json({ categories: await readCategories(c.var.deps) }, 200),
);

reading.openapi(
  createRoute({
    method: "get",
    path: "/popular",
    operationId: "listPopularTemplates",
    tags: ["templates"],
    summary: "The templates most environments were made of",
    middleware: [limitedByAddress, keptForAMinute],
    request: { query: pageSchema },
    responses: { 200: json(listSchema, "The most used first") },
  }),
  async (c) => {
    const page = { ...c.req.valid("query"), order: "popular" } as const;
    return c.json(await listBody(page, readTemplates(c.var.deps, { includeDeprecated: false }, page)), 200);
  },
);

reading.openapi(
  createRoute({
    method: "get",
    path: "/search",
    operationId: "searchTemplates",
    tags: ["templates"],
    summary: "Templates that match a text and carry all of the tags",
    middleware: [limitedByAddress, keptForAMinute],
    request: {
      query: wholeListSchema.extend({
        q: z.string().max(100).optional(),
        tags: z.string().max(200).optional().openapi({ description: "Separated by commas" }),
        category: categorySchema,
      }),
    },
    responses: { 200: json(listSchema, "Those that match") },
  }),
  async (c) => {
    const { q: search, tags = "", category, ...asked } = c.req.valid("query");
    const page = { ...asked, order: "name" } as const;
    const wanted = tags.split(",").flatMap((tag) => (tag.trim() === "" ? [] : [tag.trim()]));
    const filter: TemplateFilter = { search, tags: wanted, category, includeDeprecated: false };
    return c.json(await listBody(page, readTemplates(c.var.deps, filter, page)), 200);
  },
);

reading.openapi(
  createRoute({
    method: "get",
    path: "/{id}",
    operationId: "getTemplate",
    tags: ["templates"],
    summary: "One template by its slug, an alias or its display name",
    middleware: [limitedByAddress, templateVersion.read, keptForAMinute],
    request: { params: z.object({ id: z.string() }) },
    responses: { 200: json(templateSchema, "The template"), ...problems({ 404: "Unknown template" }) },
  }),
  async (c) => c.json(templateBody(await readTemplate(c.var.deps, c.req.valid("param").id)), 200),
);
