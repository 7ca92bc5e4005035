/**
 * ETags (RFC 9110, section 8.8.3): so that a phone is not sent again what it has, and nobody overwrites what they have
 * not seen. A tag is a hash of the body; what the mere look at something changes (`last_accessed`, `last_checked`)
 * takes no part, or no tag would ever be met again.
 *
 * Where a PUT exists the tag has two parts, `"settings.body"`: If-None-Match compares both, If-Match the first alone,
 * which is a hash of the fields that a PUT can change. So an environment that runs may use its processors while
 * somebody edits its name.
 */
import { createHash } from "node:crypto";
import type { RouteConfig } from "@hono/zod-openapi";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { Failed } from "../rules/failures.ts";
import { changeHeaders } from "./answer-headers.ts";
import type { AppContext, AppMiddleware } from "./context.ts";
import { describes } from "./describing.ts";

const changedByLooking = /"(?:last_accessed|last_checked)":(?:"[^"]*"|null),?/g;
const readsWithOwnRule = new WeakSet<object>();

const ifNoneMatch = {
  name: "If-None-Match",
  in: "header",
  required: false,
  description: "The ETag of what you have: 304 when it is still the same",
  schema: { type: "string" },
} as const;
const ifMatch = {
  name: "If-Match",
  in: "header",
  required: false,
  description: "The ETag of what you read: 412 when the settings were changed since",
  schema: { type: "string" },
} as const;
/** The answer to who has it already. */
export const notModified = { description: "What you have is still the same" };

const read = {
  parameters: [ifNoneMatch],
  responses: { 304: notModified },
  headers: ["ETag"],
};

const conditional: AppMiddleware = describes(answerIfChanged([]), read);

/** For reads whose answer nobody should keep, or that is another one at every moment. */
export const neverTheSame: AppMiddleware = (_c, next) => next();
readsWithOwnRule.add(neverTheSame);

/** The route with conditional reads, unless its middleware has a rule of its own or it reads no JSON. */
export function withConditionalReads<Route extends RouteConfig>(route: Route): Route {
  const middleware = [route.middleware ?? []].flat();
  const answer = route.responses["200"];
  const readsJson = answer !== undefined && "content" in answer && answer.content?.["application/json"] !== undefined;
  if (route.method !== "get" || !readsJson || middleware.some((one) => readsWithOwnRule.has(one))) return route;
  return { ...route, middleware: [...middleware, conditional] };
}

/**
 * What a PUT can change of something: `read` belongs into the middleware of its GET, `write` into that of its PUT,
 * which answers the same body, and `expected` into the use case.
 */
export function versionOf(...fields: readonly [string, ...string[]]) {
  const reads = describes(answerIfChanged(fields), read);
  readsWithOwnRule.add(reads);
  const writes = describes(answerIfChanged(fields), {
    parameters: [ifMatch],
    problems: { 412: "It was changed since you read it" },
    headers: ["ETag"],
  });
  return { read: reads, write: writes, expected: (c: AppContext) => expectation(c, fields) };
}

/** Throws `precondition_failed` for a body, as it stands before the change, that is not the one the client has seen. */
export type Expectation = (body: object) => void;

/** undefined = the client expects nothing, or that there is anything at all (`*`). */
function expectation(c: AppContext, fields: readonly string[]): Expectation | undefined {
  const expected = tagsIn(c.req.header("if-match"));
  if (expected === null || expected.includes("*")) return undefined;
  return (body) => {
    const current = settingsHash(body, fields);
    if (!expected.some((tag) => tag.split(".")[0] === current)) throw new Failed({ kind: "precondition_failed" });
  };
}

function answerIfChanged(fields: readonly string[]): AppMiddleware {
  return async function tagged(c, next) {
    const writtenText = keepWritten(c);
    await next();
    if (c.res.status !== 200) return;
    const tag = c.res.headers.get("etag")?.slice(1, -1) ?? tagOf(writtenText() ?? (await c.res.clone().text()), fields);
    const headers = { ETag: `"${tag}"`, "Cache-Control": c.res.headers.get("cache-control") ?? "private, no-cache" };
    const isRead = c.req.method === "GET" || c.req.method === "HEAD";
    if (!isRead) return changeHeaders(c, (own) => own.set("ETag", headers.ETag));
    const known = tagsIn(c.req.header("if-none-match")) ?? [];
    const isKnown = known.includes("*") || known.includes(tag);
    changeHeaders(c, (own) => {
      for (const [name, value] of Object.entries(headers)) own.set(name, value);
    });
    if (isKnown) c.res = new Response(null, { status: 304, headers });
  };
}

/**
 * From now on, what `c.json` writes is kept as text too: to read it back out of the answer, its stream would have to be
 * copied. null where the answer is another than the one that was written so.
 */
function keepWritten(c: AppContext): () => string | null {
  let written: { text: string; answer: Response } | null = null;
  c.json = ((body: unknown, status?: ContentfulStatusCode, headers: Record<string, string> = {}) => {
    const text = JSON.stringify(body);
    const answer = c.body(text, status, { "Content-Type": "application/json", ...headers });
    written = { text, answer };
    return answer;
  }) as never;
  return () => (written?.answer === c.res ? written.text : null);
}

function tagOf(text: string, fields: readonly string[]): string {
  const content = hashOf(text.replaceAll(changedByLooking, ""));
  return fields.length === 0 ? content : `${settingsHash(JSON.parse(text), fields)}.${content}`;
}

function settingsHash(body: object, fields: readonly string[]): string {
  const values = body as Readonly<Record<string, unknown>>;
  return hashOf(JSON.stringify(fields.map((field) => values[field])));
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}

/**
 * The tags of a header without their quotes, or null when it was not sent. A proxy that compresses makes our tags
 * weak (`W/"..."`); they are still ours.
 */
function tagsIn(header: string | undefined): string[] | null {
  if (header === undefined) return null;
  return header.trim() === "*" ? ["*"] : [...header.matchAll(/(?:W\/)?"([^"]*)"/g)].map(([, tag = ""]) => tag);
}
