/**
 * How routes describe bodies in the OpenAPI document. What every route of a kind has in common (no token, too many
 * requests, a body that is no JSON) is told by its middleware and the router: http/describing.ts.
 */
import type { z } from "@hono/zod-openapi";
import { problemSchema } from "./problem-schema.ts";

/** The statuses a route may name beside those that its middleware tells. */
export type ProblemStatus = 400 | 401 | 403 | 404 | 409 | 410 | 411 | 412 | 413 | 416 | 422 | 429 | 503 | 507;

/** A JSON answer of this shape. The example is the schema's own (`.openapi("Name", { example })`) unless told here. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string, example?: unknown) {
  return { content: { "application/json": withExample({ schema }, example) }, description };
}

/** A JSON request body that has to be there. */
export function body<Schema extends z.ZodType>(schema: Schema, example?: unknown) {
  return { content: { "application/json": withExample({ schema }, example) }, required: true };
}

/** The problem bodies a route can answer with, by status, in words for people. */
export function problems(descriptions: Partial<Record<ProblemStatus, string>>) {
  const entries = Object.entries(descriptions).map(([status, description]) => [status, problem(description)]);
  return Object.fromEntries(entries) as Record<string, { description: string }>;
}

/** One error answer; the handler's types do not know it, since failures are thrown. */
export function problem(description: string): { description: string } {
  const described = { description, content: { "application/problem+json": { schema: problemSchema } } };
  return described;
}

function withExample<Media extends object>(media: Media, example: unknown): Media {
  return example === undefined ? media : { ...media, example };
}
