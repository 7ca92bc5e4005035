/** String commands. */
import { atLeast, type CommandTable, exactly, float, integer, pairs, syntaxError } from "./commands.ts";
import { type Keyspace, ok, RedisError, type Reply } from "./keyspace.ts";

interface SetOptions {
  expiresAtMs: number | null;
  condition: "NX" | "XX" | null;
  returnsOld: boolean;
  keepsExpiry: boolean;
}

function expiryAt(keyspace: Keyspace, unit: string, amount: number, command: string): number {
  if (amount <= 0) throw new RedisError(`ERR invalid expire time in '${command}' command`);
  const scale = unit.startsWith("EX") ? 1000 : 1;
  return amount * scale + (unit.endsWith("AT") ? 0 : keyspace.nowMs());
}

function readSetOptions(keyspace: Keyspace, words: string[]): SetOptions {
  const options: SetOptions = { expiresAtMs: null, condition: null, returnsOld: false, keepsExpiry: false };
  for (let index = 0; index < words.length; index += 1) {
    const word = (words[index] as string).toUpperCase();
    if (word === "NX" || word === "XX") options.condition = word;
    else if (word === "GET") options.returnsOld = true;
    else if (word === "KEEPTTL") options.keepsExpiry = true;
    else if (/^(EX|PX)(AT)?$/.test(word)) {
      index += 1;
      options.expiresAtMs = expiryAt(keyspace, word, integer(words[index]), "set");
    } else throw syntaxError();
  }
  return options;
}

function set(keyspace: Keyspace, key: string, text: string, ...words: string[]): Reply {
  const options = readSetOptions(keyspace, words);
  const old = options.returnsOld ? (keyspace.get(key, "string") ?? null) : null;
  const isRefused = options.condition !== null && keyspace.has(key) === (options.condition === "NX");
  if (isRefused) return old;
  const kept = options.keepsExpiry ? (keyspace.expiry(key) ?? null) : null;
  keyspace.set(key, "string", text, options.expiresAtMs ?? kept);
  return options.returnsOld ? old : ok;
}

function increase(keyspace: Keyspace, key: string, by: number): number {
  const sum = integer(keyspace.get(key, "string") ?? "0") + by;
  keyspace.setText(key, String(sum));
  return sum;
}

function getWithExpiry(keyspace: Keyspace, key: string, option?: string, amount?: string): Reply {
  const text = keyspace.get(key, "string");
  if (text === undefined) return null;
  const word = option?.toUpperCase();
  if (word === "PERSIST") keyspace.setExpiry(key, null);
  else if (word !== undefined) keyspace.setExpiry(key, expiryAt(keyspace, word, integer(amount), "getex"));
  return text;
}

function takeText(keyspace: Keyspace, key: string): Reply {
  const text = keyspace.get(key, "string") ?? null;
  keyspace.delete(key);
  return text;
}

export const stringCommands: CommandTable = {
  GET: exactly((keyspace, key: string) => keyspace.get(key, "string") ?? null),
  SET: atLeast(set),
  SETEX: exactly((keyspace, key: string, seconds: string, text: string) => set(keyspace, key, text, "EX", seconds)),
  PSETEX: exactly((keyspace, key: string, ms: string, text: string) => set(keyspace, key, text, "PX", ms)),
  SETNX: exactly((keyspace, key: string, text: string) => (set(keyspace, key, text, "NX") === ok ? 1 : 0)),
  GETSET: exactly((keyspace, key: string, text: string) => set(keyspace, key, text, "GET")),
  GETDEL: exactly(takeText),
  GETEX: {
    run: (keyspace, key = "", ...rest) => getWithExpiry(keyspace, key, ...rest),
    minArguments: 1,
    maxArguments: 3,
  },
  MGET: atLeast((keyspace, first: string, ...rest) =>
    [first, ...rest].map((key) => (keyspace.kindOf(key) === "string" ? (keyspace.get(key, "string") ?? null) : null)),
  ),
  MSET: atLeast((keyspace, ...args) => {
    for (const [key, text] of pairs(args, "mset")) keyspace.set(key, "string", text, null);
    return ok;
  }),
  STRLEN: exactly((keyspace, key: string) => Buffer.byteLength(keyspace.get(key, "string") ?? "")),
  APPEND: exactly((keyspace, key: string, text: string) => {
    const whole = (keyspace.get(key, "string") ?? "") + text;
    keyspace.setText(key, whole);
    return Buffer.byteLength(whole);
  }),
  INCR: exactly((keyspace, key: string) => increase(keyspace, key, 1)),
  DECR: exactly((keyspace, key: string) => increase(keyspace, key, -1)),
  INCRBY: exactly((keyspace, key: string, by: string) => increase(keyspace, key, integer(by))),
  DECRBY: exactly((keyspace, key: string, by: string) => increase(keyspace, key, -integer(by))),
  INCRBYFLOAT: exactly((keyspace, key: string, by: string) => {
    const sum = String(float(keyspace.get(key, "string") ?? "0") + float(by));
    keyspace.setText(key, sum);
    return sum;
  }),
};
