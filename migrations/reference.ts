/**
 * The rows every database needs, production included: plans and the default templates. Only missing ones are added,
 * so that what an admin changed stays.
 */
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { templateColumns } from "../workers/store/catalog/template-columns.ts";
import { plans } from "../workers/store/schema/accounts.ts";
import { templateNames, templates } from "../workers/store/schema/catalog.ts";
import { initialPlans } from "./plans.ts";
import { readTemplates } from "./templates.ts";

/** Safe to repeat. */
export async function addReferenceRows(db: NodePgDatabase): Promise<void> {
  await db.insert(plans).values(initialPlans).onConflictDoNothing();
  const taken = new Set((await db.select({ name: templateNames.name }).from(templateNames)).map(({ name }) => name));
  const isFree = (name: string) => !taken.has(name.toLowerCase());
  const missing = readTemplates().filter(({ id, display_name, aliases }) =>
    [id, display_name, ...aliases].every(isFree),
  );
  if (missing.length > 0)
    await db
      .insert(templates)
      .values(missing.map((file) => templateColumns(file)))
      .onConflictDoNothing();
}
