/** The content of one file: read, written, removed. */
import { createRoute, z } from "@hono/zod-openapi";
import { type ReadOutcome, readFile, writeFile } from "../../../domain/files/contents.ts";
import { removeFile, statFile } from "../../../domain/files/tree.ts";
import { json, problems } from "../../../http/answers.ts";
import { allowed } from "../../../http/authenticate.ts";
import type { AppContext } from "../../../http/context.ts";
import { conditionOf, fileHeaders, rangeIn, sentFile, tagsIn } from "../../../http/file-bodies.ts";
import { conditionalWrite, rangedRead } from "../../../http/file-conditions.ts";
import { newRouter } from "../../../http/router.ts";
import { notModified } from "../../../http/versions.ts";
import { Failed } from "../../../rules/failures.ts";
import { messageSchema } from "../../account-shapes.ts";
import { idParameter } from "../shapes.ts";
import {
  bytesSchema,
  fileBody,
  fileSchema,
  pathQuery,
  pathSchema,
  quoted,
  refusals,
  writingRefusals,
} from "./shapes.ts";

export const content = newRouter();

const sent = { "application/octet-stream": { schema: bytesSchema } };
/** Of whatever media type the name says. */
const file = { "*/*": { schema: bytesSchema } };

content.openapi(
  createRoute({
    method: "get",
    path: "/{id}/files/content",
    operationId: "readFile",
    tags: ["files"],
    summary: "The content of a file",
    description: `Of the media type that its name says, and always as an attachment: nothing in it runs on our origin. HEAD tells
size and ETag. One range of bytes is served; a request for several is answered with the whole file.`,
    middleware: [allowed("terminal"), rangedRead],
    request: {
      params: idParameter,
      query: pathQuery,
    },
    responses: {
      200: { content: file, description: "All of it" },
      206: { content: file, description: "The range; Content-Range tells which" },
      304: notModified,
      ...problems({ ...refusals, 416: "The file has none of the bytes of the range; Content-Range tells its size" }),
    },
  }),
  async (c): Promise<Response> => {
    const { id } = c.req.valid("param");
    const { path } = c.req.valid("query");
    if (c.req.method === "HEAD") return await head(c, id, path);
    const wish = {
      path,
      range: rangeIn(c.req.header("range")),
      ifRange: ifRangeOf(c),
      ifNoneMatch: tagsIn(c.req.header("if-none-match")),
    };
    return answer(await readFile(c.var.deps, c.var.principal, id, wish));
  },
);

/** A date is not compared: the range then does not count, as one of another version. */
function ifRangeOf(c: AppContext): string | null {
  const header = c.req.header("if-range");
  return header === undefined ? null : (tagsIn(header)[0] ?? "");
}

async function head(c: AppContext, id: string, asked: string): Promise<Response> {
  const { file: facts } = await statFile(c.var.deps, c.var.principal, id, asked);
  if (facts.kind !== "file") throw new Failed({ kind: "file_refused", reason: "not_a_file" });
  const isKnown = tagsIn(c.req.header("if-none-match")).some((tag) => tag === "*" || tag === facts.etag);
  const headers = { ...fileHeaders(facts.name), ...tagHeaders(facts), "Content-Length": String(facts.size) };
  return new Response(null, { status: isKnown ? 304 : 200, headers });
}

function tagHeaders({ etag, modified_at }: { etag: string; modified_at: string }): Record<string, string> {
  return { ETag: quoted(etag), "Last-Modified": new Date(modified_at).toUTCString(), "Accept-Ranges": "bytes" };
}

function answer(outcome: ReadOutcome): Response {
  const { name, size } = outcome.file;
  const headers = { ...fileHeaders(name), ...tagHeaders(outcome.file) };
  if (outcome.kind === "not_modified") return new Response(null, { status: 304, headers });
  const { from, length, isWhole } = outcome;
  const range = isWhole ? {} : { "Content-Range": `bytes ${from}-${from + length - 1}/${size}` };
  return new Response(outcome.body, {
    status: isWhole ? 200 : 206,
    headers: { ...headers, ...range, "Content-Length": String(length) },
  });
}

content.openapi(
  createRoute({
    method: "put",
    path: "/{id}/files/content",
    operationId: "writeFile",
    tags: ["files"],
    summary: "Write a file, all of it or nothing, up to 64 MiB",
    description: `Directories on the way are made. Until the last byte is there, who reads sees what was there before. Larger
files are uploaded in parts: POST .../files/uploads.`,
    middleware: [allowed("terminal"), conditionalWrite],
    request: {
      params: idParameter,
      query: pathQuery,
      body: { content: sent, required: false },
    },
    responses: {
      200: json(fileSchema, "Replaced"),
      201: json(fileSchema, "New"),
      ...problems({
        ...writingRefusals,
        411: "The body's length was not said",
        413: "Larger than 64 MiB: upload it in parts",
      }),
    },
  }),
  async (c) => {
    const { id } = c.req.valid("param");
    const wish = { ...c.req.valid("query"), ...sentFile(c), condition: conditionOf(c) };
    const { path, file: facts, isNew } = await writeFile(c.var.deps, c.var.principal, id, wish);
    c.header("ETag", quoted(facts.etag));
    return c.json(fileBody(facts, path), isNew ? 201 : 200);
  },
);

content.openapi(
  createRoute({
    method: "delete",
    path: "/{id}/files/content",
    operationId: "removeFile",
    tags: ["files"],
    summary: "Remove a file, a link or a directory",
    middleware: [allowed("terminal")],
    request: {
      params: idParameter,
      query: z.object({
        path: pathSchema,
        recursive: z
          .enum(["true", "false"])
          .default("false")
          .openapi({ description: "Also a directory that is not empty" }),
      }),
    },
    responses: { 200: json(messageSchema, "Removed"), ...problems(refusals) },
  }),
  async (c) => {
    const { path, recursive } = c.req.valid("query");
    const asked = { path, recursive: recursive === "true" };
    await removeFile(c.var.deps, c.var.principal, c.req.valid("param").id, asked);
    return c.json({ message: "Removed" }, 200);
  },
);
