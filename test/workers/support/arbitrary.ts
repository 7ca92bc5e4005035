/**
 * Values for a JSON schema (2020-12, as far as our OpenAPI document uses it): mostly what it allows, now and then
 * what it does not, so that both the way in and every refusal are tried.
 */
import * as fc from "fast-check";

/** The members of a schema that this generator reads. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  examples?: unknown[];
  example?: unknown;
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  propertyNames?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
}

/** Looks a `$ref` of the document up. */
export type Resolve = (ref: string) => Schema;

const maxDepth = 4;
/** One value in this many is of no shape at all. */
const oddWeight = 1;
const fitWeight = 12;

const odd = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 0, 1.5, 1e21, "", " ", "\0", "\ud800", "'; --", "../..", "#{pid}", [], {}),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Values of a schema, one in about thirteen of another shape, at every level. */
export function arbitraryOf(schema: Schema, resolve: Resolve, depth = 0): fc.Arbitrary<unknown> {
  const fit = fitting(schema, resolve, depth);
  return fc.oneof({ weight: fitWeight, arbitrary: fit }, { weight: oddWeight, arbitrary: odd });
}

function fitting(schema: Schema, resolve: Resolve, depth: number): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) return fitting(resolve(schema.$ref), resolve, depth);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) return fc.oneof(...branches.map((branch) => fitting(branch, resolve, depth)));
  if (schema.allOf !== undefined) return allOf(schema.allOf, resolve, depth);
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length === 0) return schema.properties === undefined ? odd : objectOf(schema, resolve, depth);
  return fc.oneof(...types.map((type) => typed(type, schema, resolve, depth)));
}

function typed(type: string, schema: Schema, resolve: Resolve, depth: number): fc.Arbitrary<unknown> {
  switch (type) {
    case "string":
      return stringOf(schema);
    case "integer":
      return fc.integer(range(schema, 1));
    case "number":
      return fc.double({ ...range(schema, 0), noNaN: true, noDefaultInfinity: true });
    case "boolean":
      return fc.boolean();
    case "array":
      return fc.array(depth > maxDepth ? odd : arbitraryOf(schema.items ?? {}, resolve, depth + 1), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 4, 4),
      });
    case "object":
      return objectOf(schema, resolve, depth);
    default:
      return fc.constant(null);
  }
}

function range(schema: Schema, step: number): { min: number; max: number } {
  const min = schema.minimum ?? (schema.exclusiveMinimum === undefined ? -1000 : schema.exclusiveMinimum + step);
  const max = schema.maximum ?? (schema.exclusiveMaximum === undefined ? 1_000_000 : schema.exclusiveMaximum - step);
  return { min: Math.max(min, -2_147_483_648), max: Math.min(max, 2_147_483_647) };
}

/** An example is the surest way past a pattern; formats and patterns are tried besides. */
function stringOf(schema: Schema): fc.Arbitrary<string> {
  const { minLength = 0, maxLength = 60, pattern, format } = schema;
  const free = fc.string({ unit: "grapheme", minLength, maxLength: Math.min(maxLength, minLength + 60) });
  const choices: fc.Arbitrary<string>[] = [free];
  const examples = [schema.example, ...(schema.examples ?? [])].filter((each) => typeof each === "string");
  if (examples.length > 0) choices.push(fc.constantFrom(...examples));
  if (pattern !== undefined) choices.push(byPattern(pattern) ?? free);
  if (format === "email") choices.push(fc.emailAddress());
  if (format === "uri") choices.push(fc.webUrl());
  if (format === "date-time") choices.push(fc.date({ noInvalidDate: true }).map((time) => time.toISOString()));
  return fc.oneof(...choices);
}

/** fast-check writes no strings for look-arounds and unicode properties; such a pattern is left to the examples. */
function byPattern(pattern: string): fc.Arbitrary<string> | null {
  if (/\\p\{|\(\?[!<=]/.test(pattern)) return null;
  return fc.stringMatching(new RegExp(pattern, "u"), { size: "small" });
}

function objectOf(schema: Schema, resolve: Resolve, depth: number): fc.Arbitrary<unknown> {
  if (depth > maxDepth) return fc.constant({});
  const properties = Object.entries(schema.properties ?? {});
  const fields = properties.map(([name, inner]) => [name, arbitraryOf(inner, resolve, depth + 1)] as const);
  const requiredKeys = (schema.required ?? []).filter((name) => schema.properties?.[name] !== undefined);
  const known = fc.record(Object.fromEntries(fields), { requiredKeys });
  if (typeof schema.additionalProperties !== "object") return known;
  const names = fc.oneof(fc.constantFrom("A", "PATH", "a b", "", "__proto__"), fc.string({ maxLength: 12 }));
  const free = fc.dictionary(names, arbitraryOf(schema.additionalProperties, resolve, depth + 1), { maxKeys: 4 });
  return fc.tuple(known, free).map(([one, other]) => ({ ...other, ...one }));
}

/** Objects of every part, laid over each other. */
function allOf(parts: readonly Schema[], resolve: Resolve, depth: number): fc.Arbitrary<unknown> {
  return fc
    .tuple(...parts.map((part) => fitting(part, resolve, depth)))
    .map((values) => Object.assign({}, ...values.filter((value) => typeof value === "object")));
}
