/** What an upload is to become, as it is kept beside its parts where people can write too. */
import { z } from "zod";
import { filePathSchema } from "../../durable-objects/protocol/file-paths.ts";
import { fileConditionSchema, type Upload, uploadIdSchema } from "../../durable-objects/protocol/files.ts";
import { limits } from "../../durable-objects/protocol/timing.ts";
import type { UploadWish } from "./files.ts";
import { parseJson } from "./parse-json.ts";
import { RuntimeFailure } from "./runtime.ts";

export const maxWishBytes = 32_768;

const wishSchema = z
  .object({
    id: uploadIdSchema,
    path: filePathSchema,
    length: z.number().int().nonnegative().max(limits.maxUploadBytes),
    partBytes: z.number().int().positive().max(limits.maxTransferBytes),
    condition: fileConditionSchema,
  })
  .refine((wish) => partCount(wish) <= limits.maxUploadParts);

/** Throws `upload_not_found` for what is none. */
export function readWish(text: string): UploadWish {
  const wish = wishSchema.safeParse(text.length > maxWishBytes ? null : parseJson(text));
  if (!wish.success) throw new RuntimeFailure("upload_not_found", "There is no such upload");
  return wish.data;
}

/** The last one may be smaller; an empty file has none. */
export function partCount({ length, partBytes }: Pick<UploadWish, "length" | "partBytes">): number {
  return Math.ceil(length / partBytes);
}

/** In bytes; null of a part that the upload does not have. */
export function partLength(wish: UploadWish, part: number): number | null {
  return part < partCount(wish) ? Math.min(wish.partBytes, wish.length - part * wish.partBytes) : null;
}

/** Marks of parts that the upload does not have are somebody's own. */
export function toUpload(wish: UploadWish, marked: readonly number[]): Upload {
  const { id, path, length, partBytes } = wish;
  const received = [...new Set(marked)].filter((part) => part < partCount(wish)).sort((a, b) => a - b);
  return { id, path, length, part_bytes: partBytes, received };
}

/** How many parts are not here. */
export function missingParts(wish: UploadWish, marked: readonly number[]): number {
  return partCount(wish) - toUpload(wish, marked).received.length;
}
