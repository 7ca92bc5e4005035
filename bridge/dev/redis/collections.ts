/** Hash, set and list commands. */
import { atLeast, type CommandTable, exactly, integer, pairs, range } from "./commands.ts";
import { type Keyspace, ok, RedisError, type Reply } from "./keyspace.ts";

const newMap = () => new Map<string, string>();
const newSet = () => new Set<string>();
const newList = (): string[] => [];

function setFields(keyspace: Keyspace, key: string, args: string[], command: string): number {
  const fields = pairs(args, command);
  const hash = keyspace.getOrCreate(key, "hash", newMap);
  const before = hash.size;
  for (const [field, text] of fields) hash.set(field, text);
  return hash.size - before;
}

export const hashCommands: CommandTable = {
  HSET: atLeast((keyspace, key: string, ...args) => setFields(keyspace, key, args, "hset")),
  HMSET: atLeast((keyspace, key: string, ...args) => {
    setFields(keyspace, key, args, "hmset");
    return ok;
  }),
  HSETNX: exactly((keyspace, key: string, field: string, text: string) =>
    keyspace.get(key, "hash")?.has(field) ? 0 : setFields(keyspace, key, [field, text], "hsetnx"),
  ),
  HGET: exactly((keyspace, key: string, field: string) => keyspace.get(key, "hash")?.get(field) ?? null),
  HMGET: atLeast((keyspace, key: string, first: string, ...rest) => {
    const hash = keyspace.get(key, "hash");
    return [first, ...rest].map((field) => hash?.get(field) ?? null);
  }),
  HGETALL: exactly((keyspace, key: string) => [...(keyspace.get(key, "hash") ?? [])].flat()),
  HKEYS: exactly((keyspace, key: string) => [...(keyspace.get(key, "hash")?.keys() ?? [])]),
  HVALS: exactly((keyspace, key: string) => [...(keyspace.get(key, "hash")?.values() ?? [])]),
  HLEN: exactly((keyspace, key: string) => keyspace.get(key, "hash")?.size ?? 0),
  HEXISTS: exactly((keyspace, key: string, field: string) => (keyspace.get(key, "hash")?.has(field) ? 1 : 0)),
  HDEL: atLeast((keyspace, key: string, first: string, ...rest) => {
    const hash = keyspace.get(key, "hash");
    const removed = [first, ...rest].filter((field) => hash?.delete(field)).length;
    keyspace.dropIfEmpty(key);
    return removed;
  }),
  HINCRBY: exactly((keyspace, key: string, field: string, by: string) => {
    const current = keyspace.get(key, "hash")?.get(field) ?? "0";
    if (!/^-?\d+$/.test(current)) throw new RedisError("ERR hash value is not an integer");
    const sum = Number(current) + integer(by);
    setFields(keyspace, key, [field, String(sum)], "hincrby");
    return sum;
  }),
};

export const setCommands: CommandTable = {
  SADD: atLeast((keyspace, key: string, first: string, ...rest) => {
    const set = keyspace.getOrCreate(key, "set", newSet);
    const before = set.size;
    for (const member of [first, ...rest]) set.add(member);
    return set.size - before;
  }),
  SREM: atLeast((keyspace, key: string, first: string, ...rest) => {
    const set = keyspace.get(key, "set");
    const removed = [first, ...rest].filter((member) => set?.delete(member)).length;
    keyspace.dropIfEmpty(key);
    return removed;
  }),
  SMEMBERS: exactly((keyspace, key: string) => [...(keyspace.get(key, "set") ?? [])]),
  SISMEMBER: exactly((keyspace, key: string, member: string) => (keyspace.get(key, "set")?.has(member) ? 1 : 0)),
  SMISMEMBER: atLeast((keyspace, key: string, first: string, ...rest) => {
    const set = keyspace.get(key, "set");
    return [first, ...rest].map((member) => (set?.has(member) ? 1 : 0));
  }),
  SCARD: exactly((keyspace, key: string) => keyspace.get(key, "set")?.size ?? 0),
};

/** Adds to one end of a list; `LPUSH a b` leaves b first. */
function push(end: "left" | "right") {
  return atLeast((keyspace, key: string, first: string, ...rest) => {
    const list = keyspace.getOrCreate(key, "list", newList);
    for (const text of [first, ...rest]) end === "left" ? list.unshift(text) : list.push(text);
    return list.length;
  });
}

function pop(end: "left" | "right") {
  return {
    run: (keyspace: Keyspace, key = "", count?: string): Reply => {
      const list = keyspace.get(key, "list");
      if (list === undefined) return null;
      const length = count === undefined ? 1 : integer(count);
      const taken = end === "left" ? list.splice(0, length) : list.splice(-length, length).reverse();
      keyspace.dropIfEmpty(key);
      return count === undefined ? (taken[0] ?? null) : taken;
    },
    minArguments: 1,
    maxArguments: 2,
  };
}

export const listCommands: CommandTable = {
  LPUSH: push("left"),
  RPUSH: push("right"),
  LPOP: pop("left"),
  RPOP: pop("right"),
  LLEN: exactly((keyspace, key: string) => keyspace.get(key, "list")?.length ?? 0),
  LRANGE: exactly((keyspace, key: string, start: string, stop: string) =>
    range(keyspace.get(key, "list") ?? [], integer(start), integer(stop)),
  ),
  LTRIM: exactly((keyspace, key: string, start: string, stop: string) => {
    const list = keyspace.get(key, "list");
    list?.splice(0, list.length, ...range(list, integer(start), integer(stop)));
    keyspace.dropIfEmpty(key);
    return ok;
  }),
};
