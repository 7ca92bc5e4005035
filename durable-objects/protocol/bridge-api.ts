/**
 * What bridge and Worker say over HTTP: the desired list the bridge pulls (ETag = revision) and the facts it
 * reports. Both sides parse with these schemas.
 */
import { z } from "zod";
import { readingsSchema } from "./bridge-link.ts";
import { observedReasons } from "./reasons.ts";
import { limits } from "./timing.ts";
import { desiredSchema, environmentIdSchema, ownerIdSchema } from "./vocabulary.ts";

export const bridgePaths = {
  link: "/api/v1/bridge/link",
  desired: "/api/v1/bridge/desired",
  report: "/api/v1/bridge/report",
  telemetry: "/api/v1/bridge/telemetry",
  /** + encodeURIComponent(terminal id) */
  terminal: "/api/v1/bridge/terminals/",
  /** + the transfer's id */
  transfer: "/api/v1/bridge/transfers/",
} as const;

export const resourcesSchema = z.object({
  cpu_millicores: z.number().int().positive(),
  memory_bytes: z.number().int().positive(),
  storage_bytes: z.number().int().positive(),
});
export type Resources = z.infer<typeof resourcesSchema>;

/** Whose an environment is, and what the plan allows: so many environments, each at most so large. */
export const ownerSchema = z.object({
  id: ownerIdSchema,
  max_environments: z.number().int().nonnegative(),
  largest: resourcesSchema,
});
export type Owner = z.infer<typeof ownerSchema>;

/** One environment as it should be. `generation` grows with every start and restart: a higher one than the
 * bridge has applied means "begin anew". */
export const desiredEnvironmentSchema = z.object({
  id: environmentIdSchema,
  name: z.string(),
  desired: desiredSchema,
  generation: z.number().int().nonnegative(),
  template_id: z.string(),
  image: z.string(),
  port: z.number().int().nullable(),
  startup_commands: z.array(z.string()),
  environment_variables: z.record(z.string(), z.string()),
  resources: resourcesSchema,
  /** The template works as root: inside a user namespace, where the cluster has them, else not at all. */
  needs_root: z.boolean().optional(),
  /** For bridges that keep people's environments apart by it; servers older than this field leave it out. */
  owner: ownerSchema.optional(),
});
export type DesiredEnvironment = z.infer<typeof desiredEnvironmentSchema>;

export const desiredListSchema = z.object({
  revision: z.string(),
  environments: z.array(desiredEnvironmentSchema),
});
export type DesiredList = z.infer<typeof desiredListSchema>;

/** A program's own words may hold NUL, or half a character where they were cut, which no text column keeps; one such word must
 * not cost the whole report. */
const words = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .transform((text) => text.replaceAll("\0", "\uFFFD").toWellFormed());

/**
 * What the bridge can see of an environment. `gone` = nothing of it is left (or it never existed). Leaving an
 * environment out of a report says the same, except of one that is to be deleted: only a `gone` ends a deletion.
 */
export const observedPhases = [
  "provisioning",
  "installing",
  "configuring",
  "running",
  "restarting",
  "stopping",
  "stopped",
  "error",
  "gone",
] as const;
export const observedEnvironmentSchema = z.object({
  environment_id: environmentIdSchema,
  /** The generation the observation is about. */
  generation: z.number().int().nonnegative(),
  phase: z.enum(observedPhases),
  status_message: words(limits.maxStatusMessageCharacters).nullable(),
  /** For programs (reasons.ts). A word that is not known here is no reason; the message still says what is. */
  reason: z.enum(observedReasons).nullable().catch(null),
  installation_completed: z.boolean(),
});
export type ObservedEnvironment = z.infer<typeof observedEnvironmentSchema>;

export const reportSchema = z.object({
  bridge_id: z.string(),
  runtime: words(64),
  observed: z.array(observedEnvironmentSchema).max(5000),
});
export type Report = z.infer<typeof reportSchema>;

/**
 * Once a minute: readings, and when somebody or something was last active. `last_attended` = input, or a viewer was
 * watching; `last_work` = output; bridges older than these fields leave them out. Times are compared with the
 * `timestamp` of the readings, so that the bridge's clock need not be right.
 */
export const telemetrySchema = z.object({
  bridge_id: z.string(),
  samples: z
    .array(
      z.object({
        environment_id: environmentIdSchema,
        readings: readingsSchema,
        last_activity: z.string().nullable(),
        last_attended: z.string().nullable().optional(),
        last_work: z.string().nullable().optional(),
      }),
    )
    .max(5000),
});
export type Telemetry = z.infer<typeof telemetrySchema>;
