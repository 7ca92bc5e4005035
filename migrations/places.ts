/** The clusters of a development database, who may use them, and the token of the local bridge. */
import { createHash } from "node:crypto";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { bridgeTokens, clusters, userClusters } from "../workers/store/schema/catalog.ts";
import { newId } from "./ids.ts";

const seedClusters: (typeof clusters.$inferInsert)[] = [
  { id: "default", name: "default", description: "This machine", provider: "local", isDefault: true },
  {
    id: "staging",
    name: "staging",
    description: "A second cluster, without a bridge",
    provider: "kubernetes",
    status: "inactive",
    isShared: false,
  },
];

/** Makes the clusters that are missing and links them to these users. */
export async function seedClustersFor(db: NodePgDatabase, userIds: string[]): Promise<void> {
  await db.insert(clusters).values(seedClusters).onConflictDoNothing();
  const links = userIds.flatMap((userId) => seedClusters.map(({ id }) => ({ userId, clusterId: id })));
  if (links.length > 0) await db.insert(userClusters).values(links).onConflictDoNothing();
}

/** Lets the bridge that shows this token speak for the cluster `default`. */
export async function seedBridgeToken(db: NodePgDatabase, token: string): Promise<void> {
  const tokenHash = createHash("sha256").update(token).digest("hex");
  await db
    .insert(bridgeTokens)
    .values({ id: newId("brt"), clusterId: "default", tokenHash })
    .onConflictDoNothing();
}
