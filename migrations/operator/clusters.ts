/** Clusters as an operator makes them. */
import { eq, sql } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { printable } from "../../workers/rules/texts.ts";
import { defaultLock } from "../../workers/store/catalog/clusters.ts";
import { clusters } from "../../workers/store/schema/catalog.ts";
import { newId } from "../ids.ts";
import { audited, Refused, type Told } from "./deed.ts";

const maxNameLength = 50;
const regionPattern = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?$/;

/** Makes a cluster that is open to everybody. The first one is the default in any case. */
export async function createCluster(
  db: NodePgDatabase,
  { name, region, isDefault }: { name: string; region: string | undefined; isDefault: boolean },
): Promise<Told> {
  if (name.length > maxNameLength || !printable.test(name))
    throw new Refused("a name has 1 to 50 printable characters");
  if (region !== undefined && !regionPattern.test(region)) throw new Refused("a region is a word such as eu-central");
  const made = await audited(db, async (transaction) => {
    await transaction.execute(defaultLock);
    const all = await transaction.select({ name: clusters.name, isDefault: clusters.isDefault }).from(clusters);
    if (all.some((other) => other.name.toLowerCase() === name.toLowerCase()))
      throw new Refused(`there is a cluster ${JSON.stringify(name)} already; nothing was changed`);
    const becomesDefault = isDefault || !all.some((other) => other.isDefault);
    if (becomesDefault)
      await transaction.update(clusters).set({ isDefault: false }).where(eq(clusters.isDefault, true));
    const id = newId("clu");
    await transaction.insert(clusters).values({ id, name, isDefault: becomesDefault, ...(region ? { region } : {}) });
    const deed = { action: "cluster.create", target: { kind: "cluster", id }, detail: { name } } as const;
    return { id, becomesDefault, deed };
  });
  return { words: `cluster ${name} was made (${made.id})${made.becomesDefault ? "; it is the default" : ""}` };
}

/** The cluster of this id or name, in any case; Refused when there is none. */
export async function findCluster(db: NodePgDatabase, idOrName: string): Promise<{ id: string; name: string }> {
  const isNamed = sql`${clusters.id} = ${idOrName} or lower(${clusters.name}) = lower(${idOrName})`;
  const [found] = await db.select({ id: clusters.id, name: clusters.name }).from(clusters).where(isNamed);
  if (found === undefined) throw new Refused(`there is no cluster ${JSON.stringify(idOrName)}`);
  return found;
}
