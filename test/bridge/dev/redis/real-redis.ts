/** A real redis-server on a unix socket, spoken to in RESP 2, so that the contract suite can ask it the same things. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { RedisError, type Reply, Status } from "../../../../bridge/dev/redis/keyspace.ts";

export const isRedisInstalled = spawnSync("redis-server", ["--version"]).status === 0;

export interface RealRedis {
  execute(words: string[]): Promise<Reply>;
  close(): Promise<void>;
}

export async function startRealRedis(): Promise<RealRedis> {
  const directory = mkdtempSync(join(tmpdir(), "devpocket-redis-"));
  const path = join(directory, "socket");
  const server = spawn("redis-server", ["--port", "0", "--unixsocket", path, "--save", "", "--dir", directory]);
  server.stdout.resume();
  const socket = await vi.waitFor(() => connect(path), { timeout: 10_000, interval: 20 });
  const waiting: { resolve(reply: Reply): void; reject(error: Error): void }[] = [];
  let received = Buffer.alloc(0);
  socket.on("data", (bytes) => {
    received = Buffer.concat([received, bytes]);
    for (let parsed = parse(received, 0); parsed !== null; parsed = parse(received, 0)) {
      received = received.subarray(parsed.end);
      const next = waiting.shift();
      if (parsed.value instanceof RedisError) next?.reject(parsed.value);
      else next?.resolve(parsed.value);
    }
  });
  return {
    execute: (words) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        socket.write(encode(words.map(withoutUpstashFlags)));
      }),
    close: async () => {
      socket.destroy();
      await end(server);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The engine line of a script may carry flags that only Upstash knows. */
function withoutUpstashFlags(word: string): string {
  return word.replace(/^(\s*)#!lua flags=[^\n]*/, "$1");
}

function connect(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path, () => resolve(socket));
    socket.once("error", reject);
  });
}

function end(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    server.once("exit", () => resolve());
    server.kill("SIGKILL");
  });
}

function encode(words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}

interface Parsed {
  value: Reply | RedisError;
  end: number;
}

/** One reply from `at` on, or null when it is not complete yet. */
function parse(bytes: Buffer, at: number): Parsed | null {
  const lineEnd = bytes.indexOf("\r\n", at);
  if (lineEnd < 0) return null;
  const line = bytes.toString("utf8", at + 1, lineEnd);
  const body = lineEnd + 2;
  switch (String.fromCharCode(bytes[at] ?? 0)) {
    case "+":
      return { value: new Status(line), end: body };
    case "-":
      return { value: new RedisError(line), end: body };
    case ":":
      return { value: Number(line), end: body };
    case "$":
      return parseBulk(bytes, body, Number(line));
    case "*":
      return parseList(bytes, body, Number(line));
    default:
      throw new Error(`not RESP: ${line}`);
  }
}

function parseBulk(bytes: Buffer, at: number, length: number): Parsed | null {
  if (length < 0) return { value: null, end: at };
  if (bytes.length < at + length + 2) return null;
  return { value: bytes.toString("utf8", at, at + length), end: at + length + 2 };
}

function parseList(bytes: Buffer, at: number, count: number): Parsed | null {
  if (count < 0) return { value: null, end: at };
  const items: Reply[] = [];
  let end = at;
  for (let index = 0; index < count; index += 1) {
    const item = parse(bytes, end);
    if (item === null) return null;
    if (item.value instanceof RedisError) throw new Error(`error inside a list: ${item.value.message}`);
    items.push(item.value);
    end = item.end;
  }
  return { value: items, end };
}
