/** The JSON Schema of a template, for editors and for whoever checks files elsewhere; derived from what we check with. */
import { z } from "zod";
import { templateFileSchema } from "./templates.ts";

/** Draft 2020-12. `id` is the address it is published under. */
export function templateJsonSchema(id: string): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(templateFileSchema, { target: "draft-2020-12", io: "input" });
  return { $schema, $id: id, ...withoutEngine(schema) };
}

/** What concerns zod alone is no part of the schema. */
function withoutEngine(schema: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !key.startsWith("~")));
}
