/** The shapes of files on the wire, in and out. */
import { z } from "@hono/zod-openapi";
import {
  type FileFacts,
  fileFactsSchema,
  type Upload,
  uploadSchema,
} from "../../../../durable-objects/protocol/files.ts";
import { idParameter } from "../shapes.ts";

export const fileExample = {
  name: "today.md",
  path: "notes/today.md",
  kind: "file",
  size: 1_204,
  modified_at: "2026-10-20T12:00:00.000Z",
  is_executable: false,
  target: null,
  etag: '"1a2b-4b4-18e0f0c0a1b2c3d4-18e0f0c0a1b2c3d4"',
} as const;

export const fileSchema = fileFactsSchema
  .omit({ is_readable_name: true })
  .extend({
    path: z
      .string()
      .nullable()
      .openapi({ description: "From the workspace; null where the name is no text, and no path leads there" }),
    target: z.string().nullable().openapi({ description: "What a link says; it is followed within the workspace" }),
    etag: z.string().openapi({ description: "Names this content, for If-Match and If-None-Match" }),
  })
  .openapi("File", { example: fileExample });

/** A file as people see it. */
export function fileBody({ is_readable_name, etag, ...file }: FileFacts, path: string): z.infer<typeof fileSchema> {
  return { ...file, path: is_readable_name ? path : null, etag: quoted(etag) };
}

export const quoted = (etag: string) => `"${etag}"`;

/** A path within a directory. */
export function below(directory: string, name: string): string {
  return directory === "" ? name : `${directory}/${name}`;
}

export const uploadBodySchema = uploadSchema.extend({}).openapi("Upload", {
  description: "`received` are the numbers of the parts that are here; each but the last has `part_bytes` bytes",
  example: {
    id: "0123456789abcdefghij",
    path: "video.mp4",
    length: 20_000_000,
    part_bytes: 8_388_608,
    received: [0, 1],
  },
});

export function uploadBody({ id, path, length, part_bytes, received }: Upload): Upload {
  return { id, path, length, part_bytes, received };
}

/** Any text: what it may not be is told after whose the environment is. */
export const pathSchema = z.string().default("").openapi({
  description: "From the workspace, or absolute below /workspace; left out = the workspace itself. `..` is not taken",
  example: "notes/today.md",
});

export const pathQuery = z.object({ path: pathSchema });
export const uploadParameter = idParameter.extend({ upload_id: z.string() });
export const partParameter = uploadParameter.extend({
  part: z.string().openapi({ description: "From 0", example: "0" }),
});

/** A body that is bytes. */
export const bytesSchema = z.string().openapi({ type: "string", format: "binary" });

/** What refuses on every route of files. */
export const refusals = {
  403: "The path leads out of the workspace, or the environment does not allow it",
  404: "None of yours, or nothing at this path",
  409: "The environment does not run (`allowed` tells what it does), or something else is at the path",
  503: "No bridge of the cluster answers",
} as const;

export const writingRefusals = { ...refusals, 507: "There is no space left in the environment" } as const;
