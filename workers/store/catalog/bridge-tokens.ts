/** Queries of the tokens that clusters' bridges show. */
import { and, asc, between, eq, gt, isNull, or, type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";
import { bridgeTokens, clusters } from "../schema/catalog.ts";

export type BridgeTokenRow = typeof bridgeTokens.$inferSelect;

export interface FoundToken {
  tokenId: string;
  clusterId: string;
  /** Of what is desired in the cluster. */
  revision: number;
  lastUsedAt: Date | null;
}

/** Whose token this is: its row, its cluster and the revision of what is desired there; null when unknown or revoked. */
export async function findBridgeToken(db: Database, tokenHash: string, now: Date): Promise<FoundToken | null> {
  const [row] = await db
    .select({
      tokenId: bridgeTokens.id,
      clusterId: clusters.id,
      revision: clusters.revision,
      lastUsedAt: bridgeTokens.lastUsedAt,
    })
    .from(bridgeTokens)
    .innerJoin(clusters, eq(clusters.id, bridgeTokens.clusterId))
    .where(and(eq(bridgeTokens.tokenHash, tokenHash), isLive(now)));
  return row ?? null;
}

/** A token that was replaced lives on until its time comes. */
function isLive(now: Date): SQL | undefined {
  return or(isNull(bridgeTokens.revokedAt), gt(bridgeTokens.revokedAt, now));
}

/** Notes that a token was shown. */
export async function noteTokenUse(db: Database, tokenId: string, now: Date): Promise<void> {
  await db.update(bridgeTokens).set({ lastUsedAt: now }).where(eq(bridgeTokens.id, tokenId));
}

/** The live tokens of a cluster, the oldest first. */
export async function listBridgeTokens(db: Database, clusterId: string, now: Date): Promise<BridgeTokenRow[]> {
  return db
    .select()
    .from(bridgeTokens)
    .where(and(eq(bridgeTokens.clusterId, clusterId), isLive(now)))
    .orderBy(asc(bridgeTokens.createdAt), asc(bridgeTokens.id));
}

/** Adds a token. */
export async function insertBridgeToken(db: Database, row: typeof bridgeTokens.$inferInsert): Promise<void> {
  await db.insert(bridgeTokens).values(row);
}

/** Puts a new token in the place of one, which ends at `endsAt`, both or neither; the name of both, or null. */
export async function replaceBridgeToken(
  db: Database,
  old: { id: string; clusterId: string; endsAt: Date },
  next: { id: string; tokenHash: string; createdAt: Date },
): Promise<string | null> {
  const { rows } = await db.execute(sql`
    with ended as (
      update bridge_tokens set revoked_at = ${old.endsAt.toISOString()}::timestamptz
      where id = ${old.id} and cluster_id = ${old.clusterId} and revoked_at is null returning cluster_id, name
    )
    insert into bridge_tokens (id, cluster_id, token_hash, name, created_at)
    select ${next.id}, cluster_id, ${next.tokenHash}, name, ${next.createdAt.toISOString()}::timestamptz from ended
    returning name`);
  return z.array(z.object({ name: z.string() })).parse(rows)[0]?.name ?? null;
}

/** Ends a token now; whether there was a live one. */
export async function revokeBridgeToken(db: Database, clusterId: string, id: string, now: Date): Promise<boolean> {
  const token = and(eq(bridgeTokens.id, id), eq(bridgeTokens.clusterId, clusterId), isLive(now));
  const ended = await db.update(bridgeTokens).set({ revokedAt: now }).where(token).returning({ id: bridgeTokens.id });
  return ended.length > 0;
}

/** Tokens whose end came between two times. */
export async function listEndedTokens(
  db: Database,
  from: Date,
  to: Date,
): Promise<{ id: string; clusterId: string }[]> {
  return db
    .select({ id: bridgeTokens.id, clusterId: bridgeTokens.clusterId })
    .from(bridgeTokens)
    .where(between(bridgeTokens.revokedAt, from, to));
}
