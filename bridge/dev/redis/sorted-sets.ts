/** Sorted set commands; members with equal scores stand in byte order. */
import { atLeast, type CommandTable, exactly, float, integer, pairs, range, syntaxError } from "./commands.ts";
import { type Keyspace, RedisError, type Reply } from "./keyspace.ts";

type Member = [name: string, score: number];
type Bound = (score: number) => boolean;

const newMap = () => new Map<string, number>();
const scoreText = (score: number) => String(score).replace("Infinity", "inf");

function ordered(keyspace: Keyspace, key: string): Member[] {
  const byName = (a: Member, b: Member) => Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0]));
  return [...(keyspace.get(key, "zset") ?? [])].sort((a, b) => a[1] - b[1] || byName(a, b));
}

function limit(text: string): { score: number; isExclusive: boolean } {
  try {
    return text.startsWith("(")
      ? { score: float(text.slice(1)), isExclusive: true }
      : { score: float(text), isExclusive: false };
  } catch {
    throw new RedisError("ERR min or max is not a float");
  }
}

function between(minimum: string, maximum: string): Bound {
  const low = limit(minimum);
  const high = limit(maximum);
  return (score) =>
    (low.isExclusive ? score > low.score : score >= low.score) &&
    (high.isExclusive ? score < high.score : score <= high.score);
}

function scored(keyspace: Keyspace, key: string, minimum: string, maximum: string): Member[] {
  const isInside = between(minimum, maximum);
  return ordered(keyspace, key).filter(([, score]) => isInside(score));
}

interface RangeOptions {
  isReversed: boolean;
  isByScore: boolean;
  hasScores: boolean;
  offset: number;
  count: number;
}

function readRangeOptions(words: string[]): RangeOptions {
  const options = { isReversed: false, isByScore: false, hasScores: false, offset: 0, count: -1 };
  for (let index = 0; index < words.length; index += 1) {
    const word = (words[index] as string).toUpperCase();
    if (word === "REV") options.isReversed = true;
    else if (word === "BYSCORE") options.isByScore = true;
    else if (word === "WITHSCORES") options.hasScores = true;
    else if (word === "LIMIT") {
      options.offset = integer(words[index + 1]);
      options.count = integer(words[index + 2]);
      index += 2;
    } else throw syntaxError();
  }
  return options;
}

function zrange(keyspace: Keyspace, key: string, start: string, stop: string, ...words: string[]): Reply {
  const options = readRangeOptions(words);
  const [minimum, maximum] = options.isReversed ? [stop, start] : [start, stop];
  const members = options.isByScore ? scored(keyspace, key, minimum, maximum) : ordered(keyspace, key);
  if (options.isReversed) members.reverse();
  const end = options.count < 0 ? members.length : options.offset + options.count;
  const page = options.isByScore ? members.slice(options.offset, end) : range(members, integer(start), integer(stop));
  return page.flatMap(([name, score]) => (options.hasScores ? [name, scoreText(score)] : [name]));
}

function zadd(keyspace: Keyspace, key: string, ...args: string[]): Reply {
  const split = args.findIndex((word) => !/^(NX|XX|CH|GT|LT)$/i.test(word));
  const flags = new Set(args.slice(0, Math.max(0, split)).map((word) => word.toUpperCase()));
  const added = pairs(args.slice(flags.size), "zadd").map(([score, name]): Member => [name, float(score)]);
  const set = keyspace.getOrCreate(key, "zset", newMap);
  let created = 0;
  let changed = 0;
  for (const [name, score] of added) {
    const old = set.get(name);
    const isRefused =
      old === undefined
        ? flags.has("XX")
        : flags.has("NX") || (flags.has("GT") && score <= old) || (flags.has("LT") && score >= old);
    if (isRefused) continue;
    if (old === undefined) created += 1;
    if (old !== score) changed += 1;
    set.set(name, score);
  }
  keyspace.dropIfEmpty(key);
  return flags.has("CH") ? changed : created;
}

function removeMembers(keyspace: Keyspace, key: string, names: string[]): number {
  const set = keyspace.get(key, "zset");
  const removed = names.filter((name) => set?.delete(name)).length;
  keyspace.dropIfEmpty(key);
  return removed;
}

export const sortedSetCommands: CommandTable = {
  ZADD: atLeast(zadd),
  ZREM: atLeast((keyspace, key: string, first: string, ...rest) => removeMembers(keyspace, key, [first, ...rest])),
  ZCARD: exactly((keyspace, key: string) => keyspace.get(key, "zset")?.size ?? 0),
  ZSCORE: exactly((keyspace, key: string, name: string) => {
    const score = keyspace.get(key, "zset")?.get(name);
    return score === undefined ? null : scoreText(score);
  }),
  ZINCRBY: exactly((keyspace, key: string, by: string, name: string) => {
    const set = keyspace.getOrCreate(key, "zset", newMap);
    const score = (set.get(name) ?? 0) + float(by);
    set.set(name, score);
    return scoreText(score);
  }),
  ZRANGE: atLeast(zrange),
  ZRANGEBYSCORE: atLeast((keyspace, key: string, minimum: string, maximum: string, ...words) =>
    zrange(keyspace, key, minimum, maximum, "BYSCORE", ...words),
  ),
  ZCOUNT: exactly(
    (keyspace, key: string, minimum: string, maximum: string) => scored(keyspace, key, minimum, maximum).length,
  ),
  ZREMRANGEBYSCORE: exactly((keyspace, key: string, minimum: string, maximum: string) =>
    removeMembers(
      keyspace,
      key,
      scored(keyspace, key, minimum, maximum).map(([name]) => name),
    ),
  ),
};
