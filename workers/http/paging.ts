/** Pages of lists, and the two shapes of a collection: an object, or the bare array where the path ends in a slash. */
import { z } from "@hono/zod-openapi";
import type { AppContext } from "./context.ts";

export const pageSchema = z.object({
  limit: z.coerce.number("must be a number").int("must be a whole number").min(1).max(100).default(20),
  offset: z.coerce.number("must be a number").int("must be a whole number").min(0).max(1_000_000).default(0),
});

export const paginationSchema = z.object({
  total: z.number().int(),
  limit: z.number().int(),
  offset: z.number().int(),
  has_more: z.boolean(),
});
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
  return new URL(c.req.url).pathname.endsWith("/");
}
