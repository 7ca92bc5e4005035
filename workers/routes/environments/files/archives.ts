/** Tar archives of an environment's directories, down and up. */
import { createRoute, z } from "@hono/zod-openapi";
import { packFiles, unpackFiles } from "../../../domain/files/contents.ts";
import { statFile } from "../../../domain/files/tree.ts";
import { json, problems } from "../../../http/answers.ts";
import { allowed } from "../../../http/authenticate.ts";
import type { AppContext } from "../../../http/context.ts";
import { fileHeaders, sentFile } from "../../../http/file-bodies.ts";
import { newRouter } from "../../../http/router.ts";
import { idParameter } from "../shapes.ts";
import { bytesSchema, pathQuery, refusals, writingRefusals } from "./shapes.ts";

export const archives = newRouter();

const tar = { "application/x-tar": { schema: bytesSchema } };

archives.openapi(
  createRoute({
    method: "get",
    path: "/{id}/files/archive",
    operationId: "packFiles",
    tags: ["files"],
    summary: "A directory or file as a tar archive, made while it is sent",
    middleware: [allowed("terminal")],
    request: { params: idParameter, query: pathQuery },
    responses: { 200: { content: tar, description: "The archive" }, ...problems(refusals) },
  }),
  async (c): Promise<Response> => {
    const { path } = c.req.valid("query");
    const { id } = c.req.valid("param");
    if (c.req.method === "HEAD") return await head(c, id, path);
    const { name, body } = await packFiles(c.var.deps, c.var.principal, id, path);
    return new Response(body, { headers: fileHeaders(`${name}.tar`) });
  },
);

/** What an archive would be called; its length nobody knows before it is made. */
async function head(c: AppContext, id: string, path: string): Promise<Response> {
  const { file } = await statFile(c.var.deps, c.var.principal, id, path);
  return new Response(null, { headers: fileHeaders(`${file.name === "." ? "workspace" : file.name}.tar`) });
}

const unpackedSchema = z
  .object({ path: z.string(), entries: z.number().int() })
  .openapi("Unpacked", { example: { path: "site", entries: 42 } });

archives.openapi(
  createRoute({
    method: "put",
    path: "/{id}/files/archive",
    operationId: "unpackFiles",
    tags: ["files"],
    summary: "Unpack a tar archive into a directory, all of it or nothing, up to 64 MiB",
    description: `Files, directories and links that lead nowhere but within the archive; whatever else is in it, it is refused as a
whole; a path in it may have 128 names. Existing files are replaced, a directory never by a file. Not compressed.`,
    middleware: [allowed("terminal")],
    request: { params: idParameter, query: pathQuery, body: { content: tar, required: false } },
    responses: {
      200: json(unpackedSchema, "Unpacked"),
      ...problems({
        ...writingRefusals,
        411: "The body's length was not said",
        413: "Larger than 64 MiB, or more than 10,000 entries",
        422: "Not a tar archive, or something in it is not unpacked",
      }),
    },
  }),
  async (c) => {
    const { id } = c.req.valid("param");
    const asked = { ...c.req.valid("query"), ...sentFile(c) };
    return c.json(await unpackFiles(c.var.deps, c.var.principal, id, asked), 200);
  },
);
