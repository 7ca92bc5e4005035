/** Puts examples of whole bodies together from the examples of the named schemas they are made of. Pure. */

export interface DocumentSchema {
  $ref?: string;
  type?: string | string[];
  example?: unknown;
  default?: unknown;
  enum?: unknown[];
  format?: string;
  properties?: Record<string, DocumentSchema>;
  required?: string[];
  items?: DocumentSchema;
  allOf?: DocumentSchema[];
  anyOf?: DocumentSchema[];
  oneOf?: DocumentSchema[];
}
export type Schemas = Record<string, DocumentSchema>;

const exampleTime = "2026-10-20T12:00:00.000Z";

/** What a value of this schema looks like; undefined when a part of it that is required has no example. */
export function exampleOf(schema: DocumentSchema, schemas: Schemas): unknown {
  if (schema.$ref !== undefined) return exampleOf(schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {}, schemas);
  const own = schema.example ?? schema.default ?? schema.enum?.[0];
  if (own !== undefined) return own;
  const [choice] = schema.anyOf ?? schema.oneOf ?? [];
  if (choice !== undefined) return exampleOf(choice, schemas);
  if (schema.allOf !== undefined) return Object.assign({}, ...schema.allOf.map((part) => exampleOf(part, schemas)));
  return exampleOfType(schema, schemas);
}

function exampleOfType(schema: DocumentSchema, schemas: Schemas): unknown {
  const types = [schema.type ?? []].flat();
  if (types.includes("null")) return null;
  if (types.includes("boolean")) return true;
  if (types.includes("object")) return exampleOfObject(schema, schemas);
  if (types.includes("array")) return [exampleOf(schema.items ?? {}, schemas)].filter((item) => item !== undefined);
  return schema.format === "date-time" ? exampleTime : undefined;
}

/** What is optional is shown where it has an example. */
function exampleOfObject({ properties = {}, required = [] }: DocumentSchema, schemas: Schemas): unknown {
  const values = Object.entries(properties).map(([name, schema]) => [name, exampleOf(schema, schemas)] as const);
  if (values.some(([name, value]) => value === undefined && required.includes(name))) return undefined;
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}
