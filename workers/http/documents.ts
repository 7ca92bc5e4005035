/** Bodies that people write by hand: YAML beside JSON, bounded, every problem told with its place in the text. */
import type { z } from "@hono/zod-openapi";
import { Failed, type FieldError } from "../rules/failures.ts";
import { maxTextBytes, readText, type TextProblem } from "../rules/template-text.ts";
import type { AppContext } from "./context.ts";

/**
 * The body of a route that takes the same thing as JSON, validated by the route, or as YAML, for its handler to read.
 * The route's types know the JSON. It is not told as required so that its validator leaves other media types alone.
 */
export function bodyOrYaml<Schema extends z.ZodType>(schema: Schema, yaml: z.ZodType) {
  const content = {
    "application/json": { schema },
    "application/yaml": { schema: yaml },
    "application/x-yaml": { schema: yaml },
    "text/yaml": { schema: yaml },
    "text/plain": { schema: yaml },
  };
  return { content: content as Pick<typeof content, "application/json">, required: false };
}

/** The text of a YAML body, or null for a JSON one. Fails as `body_too_large`. */
export async function yamlIn(c: AppContext): Promise<string | null> {
  const type = (c.req.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (/^application\/([a-z.-]+\+)?json$/.test(type)) return null;
  return boundedText(await c.req.text());
}

/** The text itself unless it is larger than a document may be. */
export function boundedText(text: string): string {
  const isTooLarge = text.length > maxTextBytes || new TextEncoder().encode(text).byteLength > maxTextBytes;
  if (isTooLarge) throw new Failed({ kind: "body_too_large", maxBytes: maxTextBytes });
  return text;
}

/** What the text says, or `invalid_input` that names each field with its line and column. */
export async function readYaml<Schema extends z.ZodType>(text: string, schema: Schema): Promise<z.output<Schema>> {
  const read = await readText(text, schema);
  if (read.ok) return read.value;
  throw new Failed({ kind: "invalid_input", errors: read.problems.map(toFieldError) });
}

function toFieldError({ path, message, line, column }: TextProblem): FieldError {
  return { field: path.slice(0, 256) || "body", message, code: "invalid_text", line, column };
}
