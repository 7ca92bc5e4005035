/**
 * Upstash's REST form over something that executes Redis commands: `POST /`, `/pipeline`, `/multi-exec`, the path
 * form, Bearer tokens, base64 answers. With the in-process Redis a transaction is atomic because it never waits.
 */
import { timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { z } from "zod";
import { close, listen, type RunningServer, readBody, sendJson } from "./http.ts";
import { RedisError, type Reply, Status } from "./redis/keyspace.ts";

export interface UpstashOptions {
  execute(words: string[]): Reply | Promise<Reply>;
  token: string;
  /** 0 = any free port. */
  port: number;
}

type Json = string | number | null | Json[];
type Outcome = { result: Json } | { error: string };

const commandSchema = z.array(z.unknown()).min(1);
const batchSchema = z.array(commandSchema);
const maxBodyBytes = 10 * 1024 * 1024;

/** Serves until closed. */
export async function startUpstash(options: UpstashOptions): Promise<RunningServer> {
  const server = createServer((request, response) => {
    answer(options, request).then(
      ({ status, body }) => sendJson(response, status, body),
      (error: unknown) => sendJson(response, 400, { error: `ERR ${error instanceof Error ? error.message : error}` }),
    );
  });
  const { port } = await listen(server, options.port);
  return { port, close: () => close(server) };
}

async function answer(options: UpstashOptions, request: IncomingMessage): Promise<{ status: number; body: unknown }> {
  const body = await readBody(request, maxBodyBytes);
  if (!isAuthorized(request, options.token)) {
    return { status: 401, body: { error: "WRONGPASS invalid or missing auth token" } };
  }
  const encode = request.headers["upstash-encoding"] === "base64" ? base64 : plain;
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  if (path === "/pipeline" || path === "/multi-exec") {
    const commands = batchSchema.parse(JSON.parse(body));
    return { status: 200, body: await runAll(options, commands, encode) };
  }
  const command = path === "/" ? JSON.parse(body) : path.slice(1).split("/").map(decodeURIComponent);
  const outcome = await run(options, commandSchema.parse(command), encode);
  return { status: "error" in outcome ? 400 : 200, body: outcome };
}

/** One after the other; with a synchronous `execute` all start in the same turn, which makes the batch atomic. */
function runAll(options: UpstashOptions, commands: unknown[][], encode: (reply: Reply) => Json): Promise<Outcome[]> {
  return Promise.all(commands.map((command) => run(options, command, encode)));
}

async function run(options: UpstashOptions, command: unknown[], encode: (reply: Reply) => Json): Promise<Outcome> {
  try {
    return { result: encode(await options.execute(command.map(word))) };
  } catch (error) {
    if (error instanceof RedisError) return { error: error.message };
    throw error;
  }
}

function isAuthorized(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function word(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function plain(reply: Reply): Json {
  if (reply instanceof Status) return reply.text;
  return Array.isArray(reply) ? reply.map(plain) : reply;
}

/** Every string in base64, except the status OK. */
function base64(reply: Reply): Json {
  if (reply instanceof Status) return reply.text === "OK" ? "OK" : base64(reply.text);
  if (typeof reply === "string") return Buffer.from(reply).toString("base64");
  return Array.isArray(reply) ? reply.map(base64) : reply;
}
