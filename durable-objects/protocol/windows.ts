/**
 * The windows of an environment: how they are named and told on the wire. A window's name is data wherever it goes;
 * what a program would act on is either written as it was typed or not accepted.
 */
import { z } from "zod";
import { limits } from "./timing.ts";
import { environmentIdSchema } from "./vocabulary.ts";

/** `w` and a number: names the window as long as the environment runs, and with `ENVIRONMENT/` its own terminal. */
export const windowIdSchema = z.string().regex(/^w(0|[1-9][0-9]{0,8})$/);

const surrogate = "\\ud800-\\udfff";
const surrogatePair = "[\\ud800-\\udbff][\\udc00-\\udfff]";
/** Control characters, line separators and the marks that turn text around. */
const acting = "\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069";
const unseen = "\\s\\u00ad\\u200b-\\u200f\\u2060-\\u2065\\ufeff";
/** On one line, and something of it can be seen. */
const visible = new RegExp(`^(?=.*[^${unseen}])(?:[^${acting}${surrogate}]|${surrogatePair})*$`);

export const windowNameSchema = z
  .string()
  .max(limits.maxWindowNameCharacters)
  .regex(visible, "must be visible characters on one line");

/** A path as a process can have it: absolute, or from the workspace. */
export const windowDirectorySchema = z
  .string()
  .min(1)
  .max(limits.maxWindowDirectoryCharacters)
  .regex(new RegExp(`^(?:[^\\u0000${surrogate}]|${surrogatePair})*$`), "must be a path");

/** Counted from 0, in the order of the tabs; one beyond the last means the last. */
export const windowPositionSchema = z.number().int().min(0).max(999);

/** A window as a tab shows it. */
export const windowTabSchema = z.object({
  id: windowIdSchema,
  name: z.string().max(limits.maxWindowNameCharacters),
  position: z.number().int().nonnegative(),
  /** The one that the terminal `main` shows. */
  is_active: z.boolean(),
});
export type WindowTab = z.infer<typeof windowTabSchema>;

export const windowTabsSchema = z.array(windowTabSchema).max(limits.maxListedWindows);

export const paneSchema = z.object({
  id: z.string().max(16),
  is_active: z.boolean(),
  /** Of the pane's first process. */
  pid: z.number().int(),
  /** The program in the foreground, its title and directory, as far as they are known. */
  command: z.string(),
  title: z.string(),
  cwd: z.string().nullable(),
  cols: z.number().int(),
  rows: z.number().int(),
});
export type Pane = z.infer<typeof paneSchema>;

export const windowInFullSchema = windowTabSchema.extend({ panes: z.array(paneSchema).max(limits.maxListedPanes) });
export type WindowInFull = z.infer<typeof windowInFullSchema>;

/** What may be asked of an environment's windows. */
export const windowQuestions = [
  z.object({ kind: z.literal("windows"), environment_id: environmentIdSchema }),
  z.object({
    kind: z.literal("create_window"),
    environment_id: environmentIdSchema,
    name: windowNameSchema.optional(),
    cwd: windowDirectorySchema.optional(),
    is_active: z.boolean().optional(),
  }),
  /** Renames, moves and selects, each if it is named. */
  z.object({
    kind: z.literal("change_window"),
    environment_id: environmentIdSchema,
    window: windowIdSchema,
    name: windowNameSchema.optional(),
    position: windowPositionSchema.optional(),
    is_active: z.literal(true).optional(),
  }),
  z.object({ kind: z.literal("close_window"), environment_id: environmentIdSchema, window: windowIdSchema }),
] as const;

export const windowAnswers = [
  z.object({ kind: z.literal("windows"), windows: z.array(windowInFullSchema).max(limits.maxListedWindows) }),
  /** The window that was created or changed, as it is now. */
  z.object({ kind: z.literal("window"), window: windowInFullSchema }),
  z.object({ kind: z.literal("window_closed") }),
] as const;

/** Why the cluster did not do what was asked of a window. */
export const windowFailures = ["window_not_found", "last_window", "too_many_windows", "bad_directory"] as const;
