/**
 * The rows every database needs, production included: plans and the default templates. Only missing ones are added,
 * so that what an admin changed stays.
 */
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { plans } from "../workers/store/schema/accounts.ts";
import { templates } from "../workers/store/schema/catalog.ts";
import { initialPlans } from "./plans.ts";
import { readTemplates } from "./templates.ts";

/** Safe to repeat. */
export async function addReferenceRows(db: NodePgDatabase): Promise<void> {
  await db.insert(plans).values(initialPlans).onConflictDoNothing();
  await db.insert(templates).values(templateRows()).onConflictDoNothing();
}

function templateRows(): (typeof templates.$inferInsert)[] {
  return readTemplates().map((file) => ({
    id: file.id,
    displayName: file.display_name,
    description: file.description,
    category: file.category,
    tags: file.tags,
    aliases: file.aliases,
    dockerImage: file.docker_image,
    defaultPort: file.default_port,
    cpuMillicores: file.resources.cpu,
    memoryBytes: file.resources.memory,
    storageBytes: file.resources.storage,
    environmentVariables: file.environment_variables,
    startupCommands: file.startup_commands,
    documentationUrl: file.documentation_url,
    iconUrl: file.icon_url,
    status: file.status,
    version: file.version,
  }));
}
