/** How routes describe their answers in the OpenAPI document. */
import type { z } from "@hono/zod-openapi";

/** A JSON answer of this shape. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { content: { "application/json": { schema } }, description };
}

/** The problem bodies a route can answer with besides those that every route can. */
export function problems(descriptions: Partial<Record<400 | 401 | 403 | 404 | 409 | 412 | 422 | 429 | 503, string>>) {
  const shared = { 401: "No, bad or expired token", 429: "Too many requests", ...descriptions };
  const entries = Object.entries(shared).map(([status, description]) => [status, { description }]);
  return Object.fromEntries(entries) as Record<string, { description: string }>;
}

/** A JSON request body that has to be there. */
export function body<Schema extends z.ZodType>(schema: Schema) {
  return { content: { "application/json": { schema } }, required: true };
}
