/**
 * The files of an environment on the control link: what is small enough to be asked and answered there. Contents go
 * over HTTP (transfers.ts).
 */
import { z } from "zod";
import { filePathSchema } from "./file-paths.ts";
import { limits } from "./timing.ts";
import { environmentIdSchema } from "./vocabulary.ts";

/** `other`: a device, pipe or socket, which nobody reads from here. */
export const fileKinds = ["file", "directory", "link", "other"] as const;

/** A tag names one content: it is another one after every change that the file system can tell. */
const fileTagSchema = z.string().regex(/^[0-9a-f.-]{1,96}$/);

export const fileFactsSchema = z.object({
  /** Of a file whose name is no text, the readable part of it; no path leads there. */
  name: z.string().max(limits.maxFileNameBytes),
  is_readable_name: z.boolean(),
  kind: z.enum(fileKinds),
  size: z.number().int().nonnegative(),
  modified_at: z.string(),
  is_executable: z.boolean(),
  /** Of a link: what it says, cut to 255 characters. */
  target: z.string().max(limits.maxFileNameBytes).nullable(),
  etag: fileTagSchema,
});
export type FileFacts = z.infer<typeof fileFactsSchema>;

/** What must be true of a file that is written over: null = whatever there is. */
export const fileConditionSchema = z
  .discriminatedUnion("kind", [
    z.object({ kind: z.literal("absent") }),
    z.object({ kind: z.literal("present") }),
    z.object({ kind: z.literal("one_of"), etags: z.array(z.string().max(128)).max(16) }),
  ])
  .nullable();
export type FileCondition = z.infer<typeof fileConditionSchema>;

export const uploadIdSchema = z.string().regex(/^[a-z0-9]{20}$/);

export const uploadSchema = z.object({
  id: uploadIdSchema,
  path: filePathSchema,
  length: z.number().int().nonnegative().max(limits.maxUploadBytes),
  part_bytes: z.number().int().positive().max(limits.maxTransferBytes),
  /** Numbers of the parts that are here, from 0. */
  received: z.array(z.number().int().nonnegative()).max(limits.maxUploadParts),
});
export type Upload = z.infer<typeof uploadSchema>;

const of = { environment_id: environmentIdSchema };
const uploadOf = { ...of, upload: uploadIdSchema };

export const fileQuestions = [
  z.object({
    kind: z.literal("list_files"),
    ...of,
    path: filePathSchema,
    offset: z.number().int().nonnegative(),
    limit: z.number().int().min(1).max(100),
  }),
  z.object({ kind: z.literal("stat_file"), ...of, path: filePathSchema }),
  z.object({ kind: z.literal("make_directory"), ...of, path: filePathSchema }),
  z.object({
    kind: z.literal("move_file"),
    ...of,
    from: filePathSchema,
    to: filePathSchema,
    replace: z.boolean(),
  }),
  z.object({ kind: z.literal("remove_file"), ...of, path: filePathSchema, recursive: z.boolean() }),
  z.object({
    kind: z.literal("begin_upload"),
    ...of,
    id: uploadIdSchema,
    path: filePathSchema,
    length: z.number().int().nonnegative().max(limits.maxUploadBytes),
    part_bytes: z.number().int().positive().max(limits.maxTransferBytes),
    condition: fileConditionSchema,
  }),
  z.object({ kind: z.literal("find_upload"), ...uploadOf }),
  z.object({ kind: z.literal("finish_upload"), ...uploadOf }),
  z.object({ kind: z.literal("abandon_upload"), ...uploadOf }),
] as const;

export const fileAnswers = [
  z.object({
    kind: z.literal("files"),
    /** Directories first, then by name; fewer than asked for where more do not fit into one frame. */
    files: z.array(fileFactsSchema).max(100),
    total: z.number().int().nonnegative(),
  }),
  z.object({ kind: z.literal("file"), file: fileFactsSchema, is_new: z.boolean() }),
  z.object({ kind: z.literal("file_removed") }),
  z.object({ kind: z.literal("upload"), upload: uploadSchema }),
  z.object({ kind: z.literal("upload_abandoned") }),
] as const;

/** Why something was not done with a file. */
export const fileFailures = [
  "path_not_found",
  "not_a_file",
  "not_a_directory",
  "path_exists",
  "directory_not_empty",
  /** A link on the way leads out of the workspace. */
  "outside_workspace",
  /** The path cannot be, or the file system refuses it to the environment's user. */
  "bad_path",
  "path_forbidden",
  /** The condition does not hold. */
  "file_changed",
  "file_too_large",
  "no_space",
  /** Not a tar archive, or one that is cut. */
  "bad_archive",
  /** An entry would lie outside, or is a link or device that is not taken. */
  "unsafe_archive",
  "too_many_entries",
  "upload_not_found",
  "upload_incomplete",
  "too_many_uploads",
] as const;
export type FileFailure = (typeof fileFailures)[number];
