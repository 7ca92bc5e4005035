/**
 * What the product relies on of Redis, asked through Upstash's REST form: of the in-process Redis and, where it is
 * installed, of a real redis-server behind the same form. One suite, so that the two cannot drift apart.
 */
import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Reply } from "../../../../bridge/dev/redis/keyspace.ts";
import { createRedis } from "../../../../bridge/dev/redis/redis.ts";
import { startUpstash } from "../../../../bridge/dev/upstash.ts";
import { isRedisInstalled, startRealRedis } from "./real-redis.ts";

interface Backend {
  execute(words: string[]): Reply | Promise<Reply>;
  close(): Promise<void>;
}
const backends: { name: string; start(): Promise<Backend>; isInstalled: boolean }[] = [
  { name: "in-process", isInstalled: true, start: async () => ({ ...createRedis(), close: async () => {} }) },
  {
    name: isRedisInstalled ? "redis-server" : "redis-server (not installed: skipped)",
    isInstalled: isRedisInstalled,
    start: startRealRedis,
  },
];

describe.each(backends)("Redis contract, $name", ({ start, isInstalled }) => {
  if (!isInstalled) {
    it.skip("needs redis-server on this machine", () => {});
    return;
  }
  const token = "contract-token";
  let backend: Backend;
  let url: string;
  let closeServer: () => Promise<void>;
  let redis: Redis;

  beforeAll(async () => {
    backend = await start();
    const server = await startUpstash({ execute: backend.execute, token, port: 0 });
    url = `http://127.0.0.1:${server.port}`;
    closeServer = server.close;
    redis = new Redis({ url, token, automaticDeserialization: false });
  });
  afterAll(async () => {
    await closeServer();
    await backend.close();
  });
  beforeEach(() => backend.execute(["FLUSHALL"]));

  async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(url + path, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
      headers: { authorization: `Bearer ${token}`, ...headers },
    });
    return { status: response.status, body: await response.json() };
  }
  const run = async (...words: (string | number)[]) => (await post("/", words)).body;

  /** Command lines and the reply both must give; run in order on an empty database. */
  const replies: [title: string, lines: [words: string, reply: unknown][]][] = [
    [
      "sets and reads text",
      [
        ["SET k v", "OK"],
        ["GET k", "v"],
        ["GET none", null],
        ["STRLEN k", 1],
        ["TYPE k", "string"],
      ],
    ],
    [
      "honours NX, XX and GET in any case",
      [
        ["SET k 1 nx", "OK"],
        ["SET k 2 NX", null],
        ["SET k 3 xx GET", "1"],
        ["SET none 1 XX", null],
        ["GET k", "3"],
      ],
    ],
    [
      "counts",
      [
        ["INCR n", 1],
        ["INCRBY n 41", 42],
        ["DECRBY n 2", 40],
        ["INCRBYFLOAT n 0.5", "40.5"],
      ],
    ],
    [
      "keeps the expiry of a counter",
      [
        ["SET n 1 EX 100", "OK"],
        ["INCR n", 2],
        ["TTL n", 100],
        ["SET n 1", "OK"],
        ["TTL n", -1],
        ["TTL none", -2],
      ],
    ],
    [
      "replaces and takes text",
      [
        ["SET k a", "OK"],
        ["GETSET k b", "a"],
        ["GETDEL k", "b"],
        ["EXISTS k", 0],
        ["MSET a 1 b 2", "OK"],
        ["MGET a none b", ["1", null, "2"]],
      ],
    ],
    [
      "sets, refuses and removes expiry",
      [
        ["SET k v", "OK"],
        ["EXPIRE k 100", 1],
        ["EXPIRE k 50 NX", 0],
        ["EXPIRE k 50 GT", 0],
        ["EXPIRE k 50 LT", 1],
        ["TTL k", 50],
        ["PERSIST k", 1],
        ["PERSIST k", 0],
        ["EXPIRE none 1", 0],
      ],
    ],
    [
      "ends a key whose expiry is in the past",
      [
        ["SET k v", "OK"],
        ["PEXPIREAT k 1", 1],
        ["GET k", null],
      ],
    ],
    [
      "keeps hashes",
      [
        ["HSET h a 1 b 2", 2],
        ["HSET h a 3", 0],
        ["HGET h a", "3"],
        ["HMGET h a none", ["3", null]],
        ["HGETALL h", ["a", "3", "b", "2"]],
        ["HINCRBY h a 4", 7],
        ["HDEL h a b", 2],
        ["EXISTS h", 0],
        ["HGETALL h", []],
      ],
    ],
    [
      "keeps sets",
      [
        ["SADD s a b a", 2],
        ["SCARD s", 2],
        ["SISMEMBER s a", 1],
        ["SMISMEMBER s a z", [1, 0]],
        ["SREM s a z", 1],
        ["SMEMBERS s", ["b"]],
      ],
    ],
    [
      "keeps lists",
      [
        ["RPUSH l b c", 2],
        ["LPUSH l a z", 4],
        ["LRANGE l 0 -1", ["z", "a", "b", "c"]],
        ["LTRIM l 0 1", "OK"],
        ["LLEN l", 2],
        ["LPOP l", "z"],
        ["RPOP l", "a"],
        ["EXISTS l", 0],
      ],
    ],
    [
      "orders by score, then by name",
      [
        ["ZADD z 2 b 1 c 2 a", 3],
        ["ZRANGE z 0 -1 WITHSCORES", ["c", "1", "a", "2", "b", "2"]],
        ["ZRANGE z 0 0 REV", ["b"]],
        ["ZSCORE z c", "1"],
        ["ZINCRBY z 1.5 c", "2.5"],
      ],
    ],
    [
      "selects and removes by score",
      [
        ["ZADD z 1 a 2 b 3 c", 3],
        ["ZRANGEBYSCORE z (1 +inf", ["b", "c"]],
        ["ZCOUNT z -inf 2", 2],
        ["ZRANGE z 0 9 BYSCORE LIMIT 1 1", ["b"]],
        ["ZREMRANGEBYSCORE z 0 (3", 2],
        ["ZCARD z", 1],
        ["ZREM z c", 1],
        ["EXISTS z", 0],
      ],
    ],
    [
      "honours the flags of ZADD",
      [
        ["ZADD z 5 a", 1],
        ["ZADD z NX 9 a", 0],
        ["ZADD z GT CH 4 a", 0],
        ["ZADD z GT CH 6 a", 1],
        ["ZADD z XX 1 new", 0],
        ["ZSCORE z a", "6"],
      ],
    ],
    [
      "finds keys by glob",
      [
        ["MSET ab 1 abc 2 zb 3", "OK"],
        ["KEYS a?", ["ab"]],
        ["KEYS [^a]b", ["zb"]],
        ["DBSIZE", 3],
        ["DEL ab abc nope", 2],
      ],
    ],
    [
      "deletes and renews text of UTF-8",
      [
        ["SET k grüße-🚀", "OK"],
        ["GET k", "grüße-🚀"],
        ["APPEND k !", 13],
        ["GET k", "grüße-🚀!"],
      ],
    ],
  ];
  it.each(replies)("%s", async (_title, lines) => {
    for (const [words, reply] of lines)
      expect([words, await run(...words.split(" "))]).toEqual([words, { result: reply }]);
  });

  it("lets keys end by themselves", async () => {
    await run("SET", "k", "v", "PX", 20);
    await vi.waitFor(async () => expect(await run("EXISTS", "k")).toEqual({ result: 0 }), 10_000);
  });

  const errors: [words: string, error: RegExp][] = [
    ["GET", /^ERR wrong number of arguments for 'get' command/],
    ["NOSUCH 1", /^ERR unknown command 'NOSUCH'/],
    ["INCR text", /^ERR value is not an integer or out of range/],
    ["HGET text f", /^WRONGTYPE Operation against a key holding the wrong kind of value/],
    ["SET k v EX 0", /^ERR invalid expire time in 'set' command/],
    ["SET k v WHAT", /^ERR syntax error/],
    ["HSET h a", /^ERR wrong number of arguments for 'hset' command/],
    ["ZADD z one a", /^ERR value is not a valid float/],
    ["EVALSHA 0000000000000000000000000000000000000000 0", /^NOSCRIPT/],
  ];
  it.each(errors)("answers %s with its error and 400", async (words, error) => {
    await run("SET", "text", "abc");
    const answer = await post("/", words.split(" "));
    expect(answer).toEqual({ status: 400, body: { error: expect.stringMatching(error) } });
  });

  it("converts between Lua and replies as EVAL does", async () => {
    const evaluate = (script: string, ...args: string[]) => run("EVAL", script, 1, "key", ...args);
    expect(await evaluate("return {1, 2.9, 'x', true, false, ARGV[1], KEYS[1]}", "a")).toEqual({
      result: [1, 2, "x", 1, null, "a", "key"],
    });
    expect(await evaluate("return {1, nil, 3}")).toEqual({ result: [1] });
    expect(await evaluate("return redis.call('SET', KEYS[1], 10)")).toEqual({ result: "OK" });
    expect(await evaluate("return redis.call('GET', 'none') == false")).toEqual({ result: 1 });
    expect(await evaluate("return redis.call('INCRBY', KEYS[1], 5) + tonumber(ARGV[1])", "2")).toEqual({ result: 17 });
    expect(await evaluate("return redis.status_reply('FINE')")).toEqual({ result: "FINE" });
    expect(await evaluate("return redis.error_reply('MINE own')")).toEqual({ error: "MINE own" });
    expect(await evaluate("return unpack({7, 8})")).toEqual({ result: 7 });
  });

  it("lets a script catch an error with pcall and ends it on call", async () => {
    await run("SET", "key", "abc");
    const caught = "local reply = redis.pcall('INCR', KEYS[1]); return reply.err ~= nil";
    expect(await run("EVAL", caught, 1, "key")).toEqual({ result: 1 });
    const thrown = await run("EVAL", "redis.call('INCR', KEYS[1]); return 1", 1, "key");
    expect(thrown.error).toMatch(/^ERR value is not an integer/);
    expect((await run("EVAL", "this is not lua", 0)).error).toMatch(/^ERR Error compiling script/);
  });

  it("remembers scripts by their hash", async () => {
    const { result: sha } = await run("SCRIPT", "LOAD", "return ARGV[1]");
    expect(await run("EVALSHA", sha, 0, "again")).toEqual({ result: "again" });
    expect(await run("SCRIPT", "EXISTS", sha, "0".repeat(40))).toEqual({ result: [1, 0] });
    await run("SCRIPT", "FLUSH");
    expect((await run("EVALSHA", sha, 0)).error).toMatch(/^NOSCRIPT/);
  });

  it("takes scripts with an engine line", async () => {
    expect(await run("EVAL", "#!lua flags=no-writes\nreturn 5", 0)).toEqual({ result: 5 });
  });

  it("answers pipelines and transactions one by one, failures included", async () => {
    const expected = [{ result: "OK" }, { error: expect.stringMatching(/^ERR value/) }, { result: "a" }];
    const commands = [
      ["SET", "k", "a"],
      ["INCR", "k"],
      ["GET", "k"],
    ];
    expect((await post("/pipeline", commands)).body).toEqual(expected);
    expect((await post("/multi-exec", commands)).body).toEqual(expected);
  });

  it("encodes answers in base64 on request, so that any text survives", async () => {
    await run("SET", "k", "grüße");
    const answer = await post("/", ["GET", "k"], { "upstash-encoding": "base64" });
    expect(Buffer.from(answer.body.result, "base64").toString()).toBe("grüße");
  });

  it("serves the typed client, path requests and JSON values", async () => {
    const typed = new Redis({ url, token });
    await typed.hset("h", { count: 3, nested: { deep: ["ä"] } });
    expect(await typed.hgetall("h")).toEqual({ count: 3, nested: { deep: ["ä"] } });
    const response = await fetch(`${url}/hget/h/count`, { headers: { authorization: `Bearer ${token}` } });
    expect(await response.json()).toEqual({ result: "3" });
  });

  it("refuses a missing or wrong token and broken bodies", async () => {
    expect((await post("/", ["PING"], { authorization: "Bearer wrong" })).status).toBe(401);
    expect((await post("/", "{")).status).toBe(400);
    expect((await post("/pipeline", ["PING"])).status).toBe(400);
  });

  const algorithms = {
    "fixed window": Ratelimit.fixedWindow(3, "60 s"),
    "sliding window": Ratelimit.slidingWindow(3, "60 s"),
    "token bucket": Ratelimit.tokenBucket(3, "60 s", 3),
  };
  it.each(Object.entries(algorithms))("runs @upstash/ratelimit's %s", async (_name, limiter) => {
    const ratelimit = new Ratelimit({ redis, limiter, ephemeralCache: false, prefix: "limit" });
    const answers = [];
    for (let attempt = 0; attempt < 4; attempt += 1) answers.push(await ratelimit.limit("somebody"));
    expect(answers.map(({ success }) => success)).toEqual([true, true, true, false]);
    expect(answers.map(({ remaining }) => remaining)).toEqual([2, 1, 0, 0]);
    expect((await ratelimit.limit("somebody else")).success).toBe(true);
    expect((await ratelimit.getRemaining("somebody")).remaining).toBe(0);
    await ratelimit.resetUsedTokens("somebody");
    expect((await ratelimit.limit("somebody")).success).toBe(true);
  });
});
