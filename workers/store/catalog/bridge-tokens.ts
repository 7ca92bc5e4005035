/** Queries of the tokens that clusters' bridges show. */
import { and, eq, isNull } from "drizzle-orm";
import type { Database } from "../database.ts";
import { bridgeTokens, clusters } from "../schema/catalog.ts";

/** Whose token this is: its row, its cluster and the revision of what is desired there; null when unknown or revoked. */
export async function findBridgeToken(
  db: Database,
  tokenHash: string,
): Promise<{ tokenId: string; clusterId: string; revision: number } | null> {
  const [row] = await db
    .select({ tokenId: bridgeTokens.id, clusterId: clusters.id, revision: clusters.revision })
    .from(bridgeTokens)
    .innerJoin(clusters, eq(clusters.id, bridgeTokens.clusterId))
    .where(and(eq(bridgeTokens.tokenHash, tokenHash), isNull(bridgeTokens.revokedAt)));
  return row ?? null;
}
