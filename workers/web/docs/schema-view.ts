/** Shows a JSON Schema as nested lists of fields; a named schema is a link to where it is shown once. */
import { type Child, el } from "../dom.ts";
import type { Schema } from "./document.ts";
import { prose } from "./prose.ts";

const toldLimits = ["minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "pattern", "default"];

/** The address of a named schema on the page. */
export function schemaId(name: string): string {
  return `schema-${name}`;
}

/** What a value may be, in a few words, and the fields of an object below them. */
export function schemaView(schema: Schema): HTMLElement {
  return el("div", { class: "schema" }, el("span", { class: "kind" }, ...kindOf(schema)), told(schema), fields(schema));
}

function kindOf(schema: Schema): Child[] {
  if (schema.$ref !== undefined) return [link(schema.$ref)];
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices !== undefined) return choices.flatMap((one, at) => [...(at > 0 ? [" or "] : []), ...kindOf(one)]);
  if (schema.enum !== undefined) return [schema.enum.map((value) => JSON.stringify(value)).join(" | ")];
  const type = [schema.type ?? "anything"].flat().join(" or ");
  if (schema.items !== undefined) return [`${type} of `, ...kindOf(schema.items)];
  return [schema.format === undefined ? type : `${type}, ${schema.format}`];
}

function link(ref: string): HTMLElement {
  const name = ref.split("/").at(-1) ?? "";
  return el("a", { href: `#${schemaId(name)}` }, name);
}

function told(schema: Schema): HTMLElement | null {
  const limits = toldLimits.flatMap((name) => (schema[name] === undefined ? [] : [`${name} ${String(schema[name])}`]));
  if (schema.description === undefined && limits.length === 0) return null;
  const description = schema.description === undefined ? [] : prose(schema.description);
  return el("span", { class: "told" }, ...description, limits.length === 0 ? null : ` (${limits.join(", ")})`);
}

function fields(schema: Schema): HTMLElement | null {
  const inner = schema.items?.properties === undefined ? schema : schema.items;
  const entries = Object.entries(inner.properties ?? {});
  const values = typeof inner.additionalProperties === "object" ? inner.additionalProperties : null;
  if (values !== null && Object.keys(values).length > 0) entries.push(["any name", values]);
  if (entries.length === 0) return null;
  return el(
    "ul",
    {},
    ...entries.map(([name, field]) => fieldView(name, field, inner.required?.includes(name) ?? false)),
  );
}

function fieldView(name: string, field: Schema, isRequired: boolean): HTMLElement {
  const necessity = isRequired ? null : el("span", { class: "told" }, "optional ");
  return el("li", {}, el("code", {}, name), " ", necessity, schemaView(field));
}
