/**
 * The counts of all isolates, added up in one hash of Redis. A batch carries an id that Redis remembers for an hour:
 * one whose answer got lost is sent again and still counts once.
 */
import { z } from "zod";
import type { Deltas } from "../rules/meter.ts";
import type { Redis } from "./redis.ts";

const countsKey = "metrics:counts";
const rememberSeconds = 3600;

/** Adds every field unless this batch was added before. */
const addOnce = `if redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[1]) then
  for i = 2, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
return 1`;

export interface Batch {
  id: string;
  deltas: Deltas;
  cutAtMs: number;
}

/** Adds a batch, once however often it is sent. Throws what Redis's client throws. */
export async function addCounts(redis: Redis, { id, deltas }: Batch): Promise<void> {
  const keys = [countsKey, `metrics:batch:${id}`];
  await redis.eval(addOnce, keys, [rememberSeconds, ...[...deltas].flat()]);
}

/** Everything that was ever added, by field. */
export async function readCounts(redis: Redis): Promise<Record<string, number>> {
  const counts = await redis.hgetall(countsKey);
  return z.record(z.string(), z.coerce.number()).parse(counts ?? {});
}
