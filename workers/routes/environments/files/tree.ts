/** Directories of an environment: list, make, move. */
import { createRoute, z } from "@hono/zod-openapi";
import { listFiles, makeDirectory, moveFile, statFile } from "../../../domain/files/tree.ts";
import { body, json, problems } from "../../../http/answers.ts";
import { allowed } from "../../../http/authenticate.ts";
import { pageSchema, paginationOf, paginationSchema } from "../../../http/paging.ts";
import { newRouter } from "../../../http/router.ts";
import { idParameter } from "../shapes.ts";
import {
  below,
  fileBody,
  fileExample,
  fileSchema,
  pathQuery,
  pathSchema,
  refusals,
  writingRefusals,
} from "./shapes.ts";

export const tree = newRouter();

const listSchema = z
  .object({ path: z.string(), files: z.array(fileSchema), pagination: paginationSchema })
  .openapi("FileList", {
    example: {
      path: "notes",
      files: [fileExample],
      pagination: { total: 1, limit: 20, offset: 0, has_more: false },
    },
  });

tree.openapi(
  createRoute({
    method: "get",
    path: "/{id}/files",
    operationId: "listFiles",
    tags: ["files"],
    summary: "A directory: directories first, then by name",
    description: `A page holds fewer entries than \`limit\` where long names would make it too large; the next one begins at
\`offset\` plus as many as came. Of a directory with more than 50,000 entries that many are looked at.`,
    middleware: [allowed("terminal")],
    request: { params: idParameter, query: pageSchema.extend({ path: pathSchema }) },
    responses: { 200: json(listSchema, "What is in it"), ...problems(refusals) },
  }),
  async (c) => {
    const asked = c.req.valid("query");
    const { path, files, total } = await listFiles(c.var.deps, c.var.principal, c.req.valid("param").id, asked);
    const page = { ...paginationOf(asked, total), has_more: asked.offset + files.length < total && files.length > 0 };
    return c.json({ path, files: files.map((file) => fileBody(file, below(path, file.name))), pagination: page }, 200);
  },
);

tree.openapi(
  createRoute({
    method: "get",
    path: "/{id}/files/facts",
    operationId: "getFile",
    tags: ["files"],
    summary: "What is at a path",
    middleware: [allowed("terminal")],
    request: { params: idParameter, query: pathQuery },
    responses: { 200: json(fileSchema, "The file or directory"), ...problems(refusals) },
  }),
  async (c) => {
    const { path: asked } = c.req.valid("query");
    const { file, path } = await statFile(c.var.deps, c.var.principal, c.req.valid("param").id, asked);
    return c.json(fileBody(file, path), 200);
  },
);

const directorySchema = z
  .object({ path: pathSchema })
  .openapi("DirectoryCreation", { example: { path: "notes/2026" } });

tree.openapi(
  createRoute({
    method: "post",
    path: "/{id}/files/directories",
    operationId: "makeDirectory",
    tags: ["files"],
    summary: "Make a directory, and those on the way to it",
    middleware: [allowed("terminal")],
    request: { params: idParameter, body: body(directorySchema) },
    responses: {
      200: json(fileSchema, "It was there already"),
      201: json(fileSchema, "Made"),
      ...problems(writingRefusals),
    },
  }),
  async (c) => {
    const { path: asked } = c.req.valid("json");
    const made = await makeDirectory(c.var.deps, c.var.principal, c.req.valid("param").id, asked);
    return c.json(fileBody(made.file, made.path), made.isNew ? 201 : 200);
  },
);

const moveSchema = z
  .object({
    from: pathSchema,
    to: pathSchema,
    replace: z
      .boolean()
      .default(false)
      .openapi({ description: "Whether a file at `to` is replaced; a directory never is" }),
  })
  .openapi("FileMove", { example: { from: "notes/today.md", to: "archive/monday.md", replace: false } });

tree.openapi(
  createRoute({
    method: "post",
    path: "/{id}/files/move",
    operationId: "moveFile",
    tags: ["files"],
    summary: "Rename or move a file or directory",
    middleware: [allowed("terminal")],
    request: { params: idParameter, body: body(moveSchema) },
    responses: { 200: json(fileSchema, "As it is now"), ...problems(writingRefusals) },
  }),
  async (c) => {
    const { id } = c.req.valid("param");
    const { file, path } = await moveFile(c.var.deps, c.var.principal, id, c.req.valid("json"));
    return c.json(fileBody(file, path), 200);
  },
);
