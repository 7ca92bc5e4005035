/** What every question to the audit log has: who may ask, of which span of time, and which page. */
import { z } from "@hono/zod-openapi";
import { administrator } from "../../http/authenticate.ts";

const timeSchema = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
export const wordSchema = z.string().min(1).max(200);
export const span = {
  from: timeSchema.optional().openapi({ type: "string", format: "date-time" }),
  to: timeSchema.optional().openapi({ type: "string", format: "date-time", description: "Not included" }),
};

export const pageOf = <Cursor extends z.ZodType>(cursor: Cursor) => ({
  limit: z.coerce.number("must be a number").int("must be a whole number").min(1).max(100).default(50),
  cursor: cursor.optional(),
});

export const nextCursor = z
  .string()
  .nullable()
  .openapi({ description: "`cursor` of the next page; null on the last one" });

export const guard = {
  method: "get" as const,
  tags: ["admin"],
  middleware: [administrator],
};
