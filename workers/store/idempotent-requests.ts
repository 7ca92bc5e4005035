/** Queries about requests that may be repeated: who is first, what the first was answered, when it is forgotten. */
import { and, eq, isNull, lt, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { idempotentRequests } from "./schema/requests.ts";

export interface RequestClaim {
  /** A user's id, or `anonymous`. */
  actor: string;
  keyHash: string;
  bodyHash: string;
  /** When it was claimed; names this claim among later ones of the same key. */
  createdAt: Date;
}
export type KeptRequest = Pick<typeof idempotentRequests.$inferSelect, "bodyHash" | "status" | "sealedAnswer">;

/**
 * Takes the key for this request: true for the one that goes first. One that was never answered is taken over from
 * `abandonedBefore` on, one that was from `expiredBefore` on. Decided by the primary key in one statement.
 */
export async function claimRequest(
  db: Database,
  claim: RequestClaim,
  limits: { abandonedBefore: Date; expiredBefore: Date },
): Promise<boolean> {
  const { status, createdAt, actor, keyHash } = idempotentRequests;
  const isAbandoned = and(isNull(status), lt(createdAt, limits.abandonedBefore));
  const rows = await db
    .insert(idempotentRequests)
    .values(claim)
    .onConflictDoUpdate({
      target: [actor, keyHash],
      set: {
        bodyHash: sql`excluded.body_hash`,
        createdAt: sql`excluded.created_at`,
        status: null,
        sealedAnswer: null,
      },
      setWhere: sql`${isAbandoned} or ${lt(createdAt, limits.expiredBefore)}`,
    })
    .returning({ actor });
  return rows.length > 0;
}

/** What is kept under a key, or null when nothing is (any more). */
export async function findRequest(
  db: Database,
  claim: Pick<RequestClaim, "actor" | "keyHash">,
): Promise<KeptRequest | null> {
  const { bodyHash, status, sealedAnswer } = idempotentRequests;
  const [row] = await db.select({ bodyHash, status, sealedAnswer }).from(idempotentRequests).where(isUnder(claim));
  return row ?? null;
}

/** Keeps the answer for whoever repeats the request, unless the claim was taken over meanwhile. */
export async function keepAnswer(
  db: Database,
  claim: RequestClaim,
  answer: { status: number; sealedAnswer: string },
): Promise<void> {
  await db.update(idempotentRequests).set(answer).where(isStill(claim));
}

/** Frees the key: the request came to nothing, so the next one goes first. */
export async function releaseRequest(db: Database, claim: RequestClaim): Promise<void> {
  await db.delete(idempotentRequests).where(isStill(claim));
}

/** Forgets what is older. */
export async function deleteOldRequests(db: Database, before: Date): Promise<void> {
  await db.delete(idempotentRequests).where(lt(idempotentRequests.createdAt, before));
}

function isUnder({ actor, keyHash }: Pick<RequestClaim, "actor" | "keyHash">) {
  return and(eq(idempotentRequests.actor, actor), eq(idempotentRequests.keyHash, keyHash));
}

function isStill(claim: RequestClaim) {
  return and(isUnder(claim), eq(idempotentRequests.createdAt, claim.createdAt));
}
