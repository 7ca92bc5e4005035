/**
 * Transfers: the contents of files, from a person's request to a bridge's and back, body into body. The control link
 * tells a bridge what is wanted; it then makes the matching requests to `/api/v1/bridge/transfers/ID`.
 *
 *   up    GET takes the person's body, once; POST tells what became of it
 *   down  POST by POST brings the body, each at most `limits.maxTransferBytes`; the first one's head tells of it all
 */
import { z } from "zod";
import { filePathSchema } from "./file-paths.ts";
import { fileConditionSchema, fileFactsSchema, fileFailures, uploadIdSchema } from "./files.ts";
import { limits } from "./timing.ts";
import { environmentIdSchema } from "./vocabulary.ts";

export const transferIdSchema = z.string().regex(/^[a-z0-9]{32}$/);

/** Header of a bridge's POST: a TransferHead as percent-encoded JSON. On the first request of `down`, and on that of `up`. */
export const transferHeadHeader = "x-devpocket-transfer";
/** Header of a bridge's POST: its number from 0, or `end` for the one without a body that says that nothing follows. */
export const transferPartHeader = "x-devpocket-part";
export const lastPart = "end";

const of = { environment_id: environmentIdSchema };
const length = z.number().int().nonnegative().max(limits.maxTransferBytes);

/** Bytes of a file, both ends included; `last` counts back from its end. */
export const rangeSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("between"),
    from: z.number().int().nonnegative(),
    to: z.number().int().nonnegative().nullable(),
  }),
  z.object({ kind: z.literal("last"), count: z.number().int().nonnegative() }),
]);
export type Range = z.infer<typeof rangeSchema>;

/** What a person wants moved. */
export const transferOrderSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("read_file"),
    ...of,
    path: filePathSchema,
    /** null = all of it. */
    range: rangeSchema.nullable(),
    /** The range counts only if the file is this one. */
    if_range: z.string().max(128).nullable(),
    /** Not sent to who has one of these; `*` is any. */
    if_none_match: z.array(z.string().max(128)).max(16),
  }),
  z.object({ kind: z.literal("pack"), ...of, path: filePathSchema }),
  z.object({ kind: z.literal("write_file"), ...of, path: filePathSchema, length, condition: fileConditionSchema }),
  z.object({ kind: z.literal("unpack"), ...of, path: filePathSchema, length }),
  z.object({
    kind: z.literal("put_part"),
    ...of,
    upload: uploadIdSchema,
    part: z.number().int().nonnegative().max(limits.maxUploadParts),
    length,
  }),
]);
export type TransferOrder = z.infer<typeof transferOrderSchema>;

export const transferFailures = [
  "not_found",
  "not_running",
  "unavailable",
  "too_many_transfers",
  ...fileFailures,
] as const;

/** What a bridge says of a transfer before any byte of it, or after the last one. */
export const transferHeadSchema = z.discriminatedUnion("kind", [
  /** `length` bytes follow, from `from` on. */
  z.object({
    kind: z.literal("content"),
    file: fileFactsSchema,
    from: z.number().int().nonnegative(),
    length: z.number().int().nonnegative(),
    is_whole: z.boolean(),
  }),
  z.object({ kind: z.literal("not_modified"), file: fileFactsSchema }),
  z.object({ kind: z.literal("unsatisfiable"), size: z.number().int().nonnegative() }),
  /** A tar archive of a length that nobody knows follows. */
  z.object({ kind: z.literal("archive"), name: z.string().max(limits.maxFileNameBytes) }),
  z.object({ kind: z.literal("written"), file: fileFactsSchema, is_new: z.boolean() }),
  z.object({ kind: z.literal("unpacked"), entries: z.number().int().nonnegative() }),
  z.object({ kind: z.literal("part_taken"), part: z.number().int().nonnegative() }),
  z.object({
    kind: z.literal("failed"),
    code: z.enum(transferFailures),
    message: z.string().max(1_024),
  }),
]);
export type TransferHead = z.infer<typeof transferHeadSchema>;

/** Whether the body goes from the bridge to the person. */
export function goesDown(order: TransferOrder): boolean {
  return order.kind === "read_file" || order.kind === "pack";
}

/** A head as header text: JSON, percent-encoded so that it is ASCII. */
export function encodeHead(head: TransferHead): string {
  return encodeURIComponent(JSON.stringify(head));
}

/** Reads what `encodeHead` wrote; null for anything else. */
export function decodeHead(text: string | null): TransferHead | null {
  try {
    return transferHeadSchema.parse(JSON.parse(decodeURIComponent(text ?? "")));
  } catch {
    return null;
  }
}
