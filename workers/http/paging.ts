/** Pages of lists, and the two shapes of a collection: an object, or the bare array where the path ends in a slash. */
import { z } from "@hono/zod-openapi";
import type { AppContext } from "./context.ts";

export const pageSchema = z.object({
  limit: z.coerce.number("must be a number").int("must be a whole number").min(1).max(100).default(20),
  offset: z.coerce.number("must be a number").int("must be a whole number").min(0).max(1_000_000).default(0),
});

export const paginationSchema = z
  .object({ total: z.number().int(), limit: z.number().int(), offset: z.number().int(), has_more: z.boolean() })
  .openapi("Pagination", { example: { total: 1, limit: 20, offset: 0, has_more: false } });
export type Pagination = z.infer<typeof paginationSchema>;

/** What a list says of itself. */
export function paginationOf(page: { limit: number; offset: number }, total: number): Pagination {
  return { total, limit: page.limit, offset: page.offset, has_more: page.offset + page.limit < total };
}

/**
 * Whether the bare array was asked for: the published app decodes a collection whose path ends in a slash so. (The
 * router's own path has lost the slash.)
 */
export function wantsBareArray(c: AppContext): boolean {
  return /^[^?#]*\/(?:[?#]|$)/.test(c.req.url);
}

/** The answer of a collection in the shape that was asked for; the types know the one that the document tells. */
export function answerList<Body extends object>(c: AppContext, list: Body, items: readonly object[]) {
  return wantsBareArray(c) ? (c.json(items, 200) as never) : c.json(list, 200);
}

/**
 * What the document says of a collection's second shape. It is no path of its own there: a path that ends in a slash
 * is one that linters refuse, and a choice of two shapes is one that typed clients cannot make.
 */
export function alsoBareArray(itemSchemaName: string) {
  return {
    description: `The same path with a trailing slash answers the bare array of ${itemSchemaName}.`,
    "x-trailing-slash": { type: "array", items: { $ref: `#/components/schemas/${itemSchemaName}` } },
  };
}
