/** Commands on keys of any kind: existence, expiry, listing; and those on the server itself. */
import { atLeast, type CommandTable, exactly, globPattern, integer, syntaxError } from "./commands.ts";
import { type Keyspace, ok, type Reply, Status } from "./keyspace.ts";

function expireAt(keyspace: Keyspace, key: string, atMs: number, condition: string | undefined): Reply {
  const current = keyspace.expiry(key);
  if (current === undefined) return 0;
  const end = current ?? Number.POSITIVE_INFINITY;
  const refusals: Record<string, boolean> = {
    NX: current !== null,
    XX: current === null,
    GT: atMs <= end,
    LT: atMs >= end,
  };
  const word = condition?.toUpperCase();
  if (word !== undefined && refusals[word] === undefined) throw syntaxError();
  if (word !== undefined && refusals[word]) return 0;
  if (atMs <= keyspace.nowMs()) keyspace.delete(key);
  else keyspace.setExpiry(key, atMs);
  return 1;
}

/** `EXPIRE` and its relatives: `scale` ms a unit, counted from now or from 1970. */
function expire(scale: number, isRelative: boolean) {
  return {
    run: (keyspace: Keyspace, key = "", amount?: string, condition?: string): Reply =>
      expireAt(keyspace, key, integer(amount) * scale + (isRelative ? keyspace.nowMs() : 0), condition),
    minArguments: 2,
    maxArguments: 3,
  };
}

/** Time left in units of `scale` ms; -2 = no such key, -1 = for ever. */
function timeLeft(scale: number) {
  return exactly((keyspace, key: string) => {
    const atMs = keyspace.expiry(key);
    if (atMs === undefined) return -2;
    return atMs === null ? -1 : Math.round(Math.max(0, atMs - keyspace.nowMs()) / scale);
  });
}

function matching(keyspace: Keyspace, glob: string): string[] {
  const pattern = globPattern(glob);
  return keyspace.keys().filter((key) => pattern.test(key));
}

/** Everything in one page: the cursor is always 0. */
function scan(keyspace: Keyspace, _cursor: string, ...options: string[]): Reply {
  const at = options.findIndex((word) => word.toUpperCase() === "MATCH");
  return ["0", matching(keyspace, at < 0 ? "*" : (options[at + 1] ?? "*"))];
}

function clear(keyspace: Keyspace): Reply {
  keyspace.clear();
  return ok;
}

const remove = atLeast(
  (keyspace, first: string, ...rest) => [first, ...rest].filter((key) => keyspace.delete(key)).length,
);

export const keyCommands: CommandTable = {
  DEL: remove,
  UNLINK: remove,
  EXISTS: atLeast((keyspace, first: string, ...rest) => [first, ...rest].filter((key) => keyspace.has(key)).length),
  TYPE: exactly((keyspace, key: string) => new Status(keyspace.kindOf(key) ?? "none")),
  EXPIRE: expire(1000, true),
  PEXPIRE: expire(1, true),
  EXPIREAT: expire(1000, false),
  PEXPIREAT: expire(1, false),
  PERSIST: exactly((keyspace, key: string) => {
    if (keyspace.expiry(key) == null) return 0;
    keyspace.setExpiry(key, null);
    return 1;
  }),
  TTL: timeLeft(1000),
  PTTL: timeLeft(1),
  KEYS: exactly(matching),
  SCAN: atLeast(scan),
  DBSIZE: exactly((keyspace) => keyspace.keys().length),
  FLUSHDB: atLeast(clear),
  FLUSHALL: atLeast(clear),
  PING: { run: (_keyspace, text) => text ?? new Status("PONG"), minArguments: 0, maxArguments: 1 },
  ECHO: exactly((_keyspace, text: string) => text),
  TIME: exactly((keyspace) => {
    const nowMs = keyspace.nowMs();
    return [String(Math.floor(nowMs / 1000)), String(Math.floor((nowMs % 1000) * 1000))];
  }),
  /** Nobody can subscribe over REST here. */
  PUBLISH: exactly((_keyspace, _channel: string, _text: string) => 0),
};
