/** A checked template as the columns of its row. */
import type { TemplateChange, TemplateFile } from "../../rules/templates.ts";
import type { templates } from "../schema/catalog.ts";

type Columns = Omit<typeof templates.$inferInsert, "usageCount" | "createdAt" | "updatedAt">;
type SomeColumns = { [Name in keyof Columns]?: Columns[Name] | undefined };

/** Every column of a new template, or those that a change names: what it leaves out is undefined and stays. */
export function templateColumns(file: TemplateFile): Columns;
export function templateColumns(change: TemplateChange): SomeColumns;
export function templateColumns(given: TemplateChange): SomeColumns {
  return {
    id: given.id,
    displayName: given.display_name,
    description: given.description,
    category: given.category,
    tags: given.tags,
    aliases: given.aliases,
    dockerImage: given.docker_image,
    defaultPort: given.default_port,
    cpuMillicores: given.resources?.cpu,
    memoryBytes: given.resources?.memory,
    storageBytes: given.resources?.storage,
    environmentVariables: given.environment_variables,
    startupCommands: given.startup_commands,
    needsRoot: given.needs_root,
    documentationUrl: given.documentation_url,
    iconUrl: given.icon_url,
    status: given.status,
    version: given.version,
  };
}
