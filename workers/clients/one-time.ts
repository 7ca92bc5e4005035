/**
 * What may be taken once, and soon: a value in Redis under the hash of a secret. The first who shows the secret takes
 * the value out; Redis never sees the secret itself, so whoever reads it there can take nothing.
 */
import type { z } from "zod";
import type { SecretKind } from "../rules/secrets.ts";
import { hashOf } from "../rules/tokens.ts";
import { type Redis, redisUnavailable } from "./redis.ts";

/** Keeps a value for whoever shows the secret within `seconds`. Fails as `unavailable` when Redis does not take it. */
export async function keepOnce(
  redis: Redis,
  kind: SecretKind,
  kept: { secret: string; value: object; seconds: number },
): Promise<void> {
  await redis.set(keyOf(kind, kept.secret), kept.value, { ex: kept.seconds }).catch(redisUnavailable);
}

/**
 * Takes the value out, or null when there is none (any more). Of two who ask at the same time one gets it. Fails as
 * `unavailable` when Redis does not answer.
 */
export async function takeOnce<Value>(
  redis: Redis,
  kind: SecretKind,
  secret: string,
  schema: z.ZodType<Value>,
): Promise<Value | null> {
  const value = await redis.getdel(keyOf(kind, secret)).catch(redisUnavailable);
  return value === null ? null : schema.parse(value);
}

function keyOf(kind: SecretKind, secret: string): string {
  return `once:${kind}:${hashOf(secret)}`;
}
