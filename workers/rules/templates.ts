/**
 * The shape of a template file (migrations/templates/*.yaml) and its check. The caller has already turned YAML
 * into a value; here it becomes a template or a list of what is wrong. Pure.
 */
import { z } from "zod";
import { bytesSchema, cpuSchema } from "./quantities.ts";
import { maxValueBytes, variableNamePattern } from "./variables.ts";

export const templateCategories = [
  "programming_language",
  "framework",
  "database",
  "devops",
  "operating_system",
] as const;
export const templateStatuses = ["active", "deprecated", "beta"] as const;

/** A template's id, an alias of one, a cluster's id. */
export const slugSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9.-]{0,48}[a-z0-9])?$/, "must be a slug such as python-3.11");

/** Registry, path, tag and digest as container runtimes take them; nothing a shell would read. */
const imageSchema = z
  .string()
  .max(255)
  .regex(/^[a-z0-9][a-z0-9._/:@-]*$/, "must be an image reference such as python:3.12");
const commandSchema = z
  .string()
  .min(1)
  .max(1000)
  .refine((text) => !text.includes("\0"), "must not contain NUL");
const httpsUrlSchema = z.url({ protocol: /^https$/ }).max(500);

export const templateFileSchema = z.strictObject({
  id: slugSchema,
  display_name: z.string().min(1).max(80),
  description: z.string().min(1).max(500),
  category: z.enum(templateCategories),
  tags: z.array(slugSchema).max(20).default([]),
  aliases: z.array(slugSchema).max(20).default([]),
  docker_image: imageSchema,
  default_port: z.number().int().min(1).max(65_535).nullable().default(null),
  resources: z.strictObject({
    cpu: cpuSchema,
    memory: bytesSchema,
    storage: bytesSchema,
  }),
  environment_variables: z.record(z.string().regex(variableNamePattern), z.string().max(maxValueBytes)).default({}),
  startup_commands: z.array(commandSchema).max(20).default([]),
  documentation_url: httpsUrlSchema.nullable().default(null),
  icon_url: httpsUrlSchema.nullable().default(null),
  status: z.enum(templateStatuses).default("active"),
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/)
    .default("1.0.0"),
});
/** A checked template; sizes are whole millicores and bytes. */
export type TemplateFile = z.output<typeof templateFileSchema>;

export type CheckedTemplate =
  | { readonly ok: true; readonly template: TemplateFile }
  | { readonly ok: false; readonly problems: { path: string; message: string }[] };

/** Checks one file's content, or tells each thing that is wrong and where in the document it stands. */
export function checkTemplate(document: unknown): CheckedTemplate {
  const parsed = templateFileSchema.safeParse(document);
  if (parsed.success) return { ok: true, template: parsed.data };
  const problems = parsed.error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
  return { ok: false, problems };
}

/** Names two templates share (id, alias or display name, in any case): a request by that name would be ambiguous. */
export function sharedTemplateNames(templates: readonly TemplateFile[]): string[] {
  const owners = new Map<string, Set<string>>();
  for (const template of templates)
    for (const name of [template.id, template.display_name, ...template.aliases]) {
      const key = name.toLowerCase();
      owners.set(key, (owners.get(key) ?? new Set()).add(template.id));
    }
  return [...owners].filter(([, ids]) => ids.size > 1).map(([name]) => name);
}
