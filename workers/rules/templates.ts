/**
 * The shape of a template file (migrations/templates/*.yaml) and its check. The caller has already turned YAML
 * into a value; here it becomes a template or a list of what is wrong. Pure.
 */
import { z } from "zod";
import { imageSchema } from "./images.ts";
import { bytesSchema, cpuSchema } from "./quantities.ts";
import { carried, printable } from "./texts.ts";
import { publicUrlSchema } from "./urls.ts";
import { maxValueBytes, variableNamePattern, variableProblems } from "./variables.ts";

export const templateCategories = [
  "programming_language",
  "framework",
  "database",
  "devops",
  "operating_system",
] as const;
export const templateStatuses = ["active", "deprecated", "beta"] as const;

/** Words that stand where an id would in a template's address. */
const takenWords = ["categories", "popular", "search", "validate", "initialize", "schema.json"];

/** A template's id, an alias of one, a tag. */
export const slugSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9.-]{0,48}[a-z0-9])?$/, "must be a slug such as python-3.11")
  .refine((slug) => !takenWords.includes(slug), "is a word of the API");

const text = (maxLength: number) =>
  z.string().trim().min(1).max(maxLength).regex(printable, "must be printable, on one line");
/** One line for a shell. It must not begin as an option of whoever runs it. */
const commandSchema = z
  .string()
  .min(1)
  .max(1000)
  .regex(printable, "must be printable, on one line")
  .regex(/^[^-]/, "must not begin with a dash");
const variablesSchema = z
  .record(
    z.string().regex(variableNamePattern, "must be a name such as MY_VARIABLE"),
    z.string().max(maxValueBytes).regex(carried, "must not contain NUL or half a character"),
  )
  .refine((variables) => variableProblems(variables).length === 0, "must not be so many or so large");
const urlSchema = publicUrlSchema(500).nullable();

/** What a template is made of, without what is taken when a field is left out. */
export const templateFields = {
  id: slugSchema.meta({ description: "What people and requests call it; it never changes", examples: ["python"] }),
  display_name: text(80).meta({ description: "Its name for people", examples: ["Python"] }),
  description: text(500).meta({ description: "What it brings, in a sentence" }),
  category: z.enum(templateCategories).meta({ description: "Where people look for it" }),
  tags: z.array(slugSchema).max(20).meta({ description: "Words it is found by" }),
  aliases: z.array(slugSchema).max(20).meta({ description: "Further ids it goes by" }),
  docker_image: imageSchema.meta({ description: "The container image" }),
  default_port: z.number().int().min(1).max(65_535).nullable().meta({ description: "Where its servers listen" }),
  resources: z
    .strictObject({ cpu: cpuSchema, memory: bytesSchema, storage: bytesSchema })
    .meta({ description: "The size of an environment that asks for none" }),
  environment_variables: variablesSchema.meta({ description: "Variables that every environment begins with" }),
  startup_commands: z
    .array(commandSchema)
    .max(20)
    .meta({ description: "Run once, one after the other, when it is new" }),
  needs_root: z
    .boolean()
    .meta({ description: "It works as root: in a user namespace, where the cluster has them, else not at all" }),
  documentation_url: urlSchema.meta({ description: "Where to read more" }),
  icon_url: urlSchema.meta({ description: "A picture" }),
  status: z.enum(templateStatuses).meta({ description: "New environments are made of all but deprecated ones" }),
  version: z
    .string()
    .regex(/^\d{1,9}\.\d{1,9}\.\d{1,9}$/, "must be a version such as 1.0.0")
    .meta({ description: "The template's own version" }),
};

/** A template file: a name it does not know is a slip of the pen. */
export const templateFileSchema = z
  .strictObject({
    ...templateFields,
    tags: templateFields.tags.default([]),
    aliases: templateFields.aliases.default([]),
    default_port: templateFields.default_port.default(null),
    environment_variables: templateFields.environment_variables.default({}),
    startup_commands: templateFields.startup_commands.default([]),
    needs_root: templateFields.needs_root.default(false),
    documentation_url: templateFields.documentation_url.default(null),
    icon_url: templateFields.icon_url.default(null),
    status: templateFields.status.default("active"),
    version: templateFields.version.default("1.0.0"),
  })
  .meta({ title: "DevPocket template", description: "What environments are made of" });
/** What of a template is to change; ids never do. */
export const templateChangeSchema = z.strictObject(templateFields).partial();
export type TemplateChange = z.output<typeof templateChangeSchema>;

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
