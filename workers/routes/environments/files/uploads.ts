/** Uploads in parts: for files of any size, over ways that are cut. */
import { createRoute, z } from "@hono/zod-openapi";
import { abandonUpload, beginUpload, findUpload, finishUpload, putPart } from "../../../domain/files/uploads.ts";
import { body, json, problems } from "../../../http/answers.ts";
import { allowed } from "../../../http/authenticate.ts";
import { conditionOf, sentFile } from "../../../http/file-bodies.ts";
import { conditionalWrite } from "../../../http/file-conditions.ts";
import { idempotent } from "../../../http/idempotent.ts";
import { newRouter } from "../../../http/router.ts";
import { messageSchema } from "../../account-shapes.ts";
import { idParameter } from "../shapes.ts";
import {
  bytesSchema,
  fileBody,
  fileSchema,
  partParameter,
  pathSchema,
  quoted,
  uploadBody,
  uploadBodySchema,
  uploadParameter,
  writingRefusals,
} from "./shapes.ts";

export const uploads = newRouter();

const middleware = [allowed("terminal")];
const missing = { ...writingRefusals, 404: "None of yours, or no such upload" } as const;
const wholeNumber = z.number().int("must be a whole number").min(0);

const creationSchema = z
  .object({
    path: pathSchema,
    length: wholeNumber.optional().openapi({ description: "Bytes of the whole file; has to be said" }),
    part_bytes: wholeNumber
      .optional()
      .openapi({ description: "A multiple of 65,536, at most 64 MiB; left out = 8 MiB" }),
  })
  .openapi("UploadCreation", { example: { path: "video.mp4", length: 20_000_000, part_bytes: 8_388_608 } });

uploads.openapi(
  createRoute({
    method: "post",
    path: "/{id}/files/uploads",
    operationId: "beginUpload",
    tags: ["files"],
    summary: "Begin to upload a file in parts",
    description: `Up to 10 GiB and 2,000 parts, 20 uploads at a time. What nothing was added to for a day is removed. Conditions are
looked at now and when it is finished.`,
    middleware: [...middleware, conditionalWrite, idempotent],
    request: { params: idParameter, body: body(creationSchema) },
    responses: {
      201: json(uploadBodySchema, "Begun"),
      ...problems(writingRefusals),
    },
  }),
  async (c) => {
    const { path, length, part_bytes } = c.req.valid("json");
    const wish = { path, length, part_bytes, condition: conditionOf(c) };
    return c.json(uploadBody(await beginUpload(c.var.deps, c.var.principal, c.req.valid("param").id, wish)), 201);
  },
);

uploads.openapi(
  createRoute({
    method: "get",
    path: "/{id}/files/uploads/{upload_id}",
    operationId: "getUpload",
    tags: ["files"],
    summary: "Which parts of an upload are here",
    middleware,
    request: { params: uploadParameter },
    responses: { 200: json(uploadBodySchema, "What is here"), ...problems(missing) },
  }),
  async (c) => {
    const { id, upload_id: upload } = c.req.valid("param");
    return c.json(uploadBody(await findUpload(c.var.deps, c.var.principal, id, upload)), 200);
  },
);

const partSchema = z.object({ part: z.number().int() }).openapi("UploadedPart", { example: { part: 0 } });

uploads.openapi(
  createRoute({
    method: "put",
    path: "/{id}/files/uploads/{upload_id}/parts/{part}",
    operationId: "putUploadPart",
    tags: ["files"],
    summary: "Send one part; in any order, and again where nobody knows whether it came",
    middleware,
    request: {
      params: partParameter,
      body: { content: { "application/octet-stream": { schema: bytesSchema } }, required: false },
    },
    responses: {
      200: json(partSchema, "All of it is here"),
      ...problems({ ...missing, 411: "The body's length was not said", 413: "Larger than 64 MiB" }),
    },
  }),
  async (c) => {
    const { id, upload_id: upload, part } = c.req.valid("param");
    return c.json(await putPart(c.var.deps, c.var.principal, id, { upload, part, ...sentFile(c) }), 200);
  },
);

uploads.openapi(
  createRoute({
    method: "post",
    path: "/{id}/files/uploads/{upload_id}/finish",
    operationId: "finishUpload",
    tags: ["files"],
    summary: "Give the file its name, once every part is here",
    middleware,
    request: { params: uploadParameter },
    responses: {
      200: json(fileSchema, "The file"),
      ...problems({ ...missing, 409: "Parts are missing", 412: "The file is another one than was expected" }),
    },
  }),
  async (c) => {
    const { id, upload_id: upload } = c.req.valid("param");
    const { file, path } = await finishUpload(c.var.deps, c.var.principal, id, upload);
    c.header("ETag", quoted(file.etag));
    return c.json(fileBody(file, path), 200);
  },
);

uploads.openapi(
  createRoute({
    method: "delete",
    path: "/{id}/files/uploads/{upload_id}",
    operationId: "abandonUpload",
    tags: ["files"],
    summary: "Give an upload up",
    middleware,
    request: { params: uploadParameter },
    responses: { 200: json(messageSchema, "Given up"), ...problems(missing) },
  }),
  async (c) => {
    const { id, upload_id: upload } = c.req.valid("param");
    await abandonUpload(c.var.deps, c.var.principal, id, upload);
    return c.json({ message: "Upload given up" }, 200);
  },
);
