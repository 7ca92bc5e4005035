/** What Redis holds, for tests that look for what it must not hold. */
import type { Redis } from "@upstash/redis";

/** Every key with what it holds, as text; two questions, however many keys there are. */
export async function everythingInRedis(redis: Redis, isLeftOut = (_key: string) => false): Promise<string> {
  const keys = (await redis.keys("*")).filter((key) => !isLeftOut(key));
  if (keys.length === 0) return "[]";
  const types = redis.pipeline();
  for (const key of keys) types.type(key);
  const typeOf = await types.exec<string[]>();
  const contents = redis.pipeline();
  for (const [index, key] of keys.entries()) read(contents, key, typeOf[index]);
  const held = await contents.exec<unknown[]>();
  return JSON.stringify(keys.map((key, index) => [key, held[index]]));
}

function read(pipeline: ReturnType<Redis["pipeline"]>, key: string, type: string | undefined): unknown {
  switch (type) {
    case "hash":
      return pipeline.hgetall(key);
    case "list":
      return pipeline.lrange(key, 0, -1);
    case "set":
      return pipeline.smembers(key);
    case "zset":
      return pipeline.zrange(key, 0, -1);
    default:
      // Also a key that has ended meanwhile: it holds nothing.
      return pipeline.get(key);
  }
}
