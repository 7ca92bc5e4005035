/** A template on the wire. Its `name` is its slug too: the published app prints it to people. */
import { z } from "@hono/zod-openapi";
import type { TemplateRow } from "../../domain/catalog/templates.ts";
import { versionOf } from "../../http/versions.ts";
import { formatResources } from "../../rules/quantities.ts";
import { templateCategories, templateStatuses } from "../../rules/templates.ts";

export const templateExample = {
  id: "python",
  name: "python",
  display_name: "Python",
  description: "Python 3.12 with pip",
  category: "programming_language",
  tags: ["python", "scripting"],
  aliases: ["python-3.12"],
  docker_image: "python:3.12",
  image: "python:3.12",
  default_port: 8000,
  default_resources: { cpu: "500m", memory: "1Gi", storage: "10Gi" },
  environment_variables: { PYTHONUNBUFFERED: "1" },
  startup_commands: ["python --version"],
  needs_root: false,
  documentation_url: "https://docs.python.org/3/",
  icon_url: null,
  status: "active",
  version: "1.0.0",
  usage_count: 42,
  created_at: "2026-10-20T12:00:00.000Z",
  updated_at: "2026-10-20T12:00:00.000Z",
};

export const templateSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    display_name: z.string(),
    description: z.string(),
    category: z.enum(templateCategories),
    tags: z.array(z.string()),
    aliases: z.array(z.string()).openapi({ description: "Further names it goes by" }),
    docker_image: z.string(),
    image: z.string(),
    default_port: z.number().int().nullable(),
    default_resources: z.object({ cpu: z.string(), memory: z.string(), storage: z.string() }),
    environment_variables: z.record(z.string(), z.string()),
    startup_commands: z.array(z.string()),
    needs_root: z.boolean().openapi({ description: "It works as root, in a user namespace of its own" }),
    documentation_url: z.string().nullable(),
    icon_url: z.string().nullable(),
    status: z.enum(templateStatuses),
    version: z.string(),
    usage_count: z.number().int(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi("Template", { example: templateExample });

/** What a PUT can change. */
export const templateVersion = versionOf(
  "display_name",
  "description",
  "category",
  "tags",
  "aliases",
  "docker_image",
  "default_port",
  "default_resources",
  "environment_variables",
  "startup_commands",
  "needs_root",
  "documentation_url",
  "icon_url",
  "status",
  "version",
);

/** A template as everybody sees it. */
export function templateBody(row: TemplateRow): z.infer<typeof templateSchema> {
  return {
    id: row.id,
    name: row.id,
    display_name: row.displayName,
    description: row.description,
    category: row.category,
    tags: row.tags,
    aliases: row.aliases,
    docker_image: row.dockerImage,
    image: row.dockerImage,
    default_port: row.defaultPort,
    default_resources: formatResources({
      cpu_millicores: row.cpuMillicores,
      memory_bytes: row.memoryBytes,
      storage_bytes: row.storageBytes,
    }),
    environment_variables: row.environmentVariables,
    startup_commands: row.startupCommands,
    needs_root: row.needsRoot,
    documentation_url: row.documentationUrl,
    icon_url: row.iconUrl,
    status: row.status,
    version: row.version,
    usage_count: row.usageCount,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}
