/** Merging what was applied into what is there, and taking out what is no longer applied; both field by field. */
import { type Fields, isFields } from "../api/objects.ts";
import { elementsOf } from "./field-set.ts";
import { identityOf, isAtomicMap } from "./lists.ts";

/** `applied` laid over `live`: maps and keyed lists are merged, all else is replaced. */
export function merged(live: unknown, applied: unknown, name = ""): unknown {
  if (isFields(live) && isFields(applied) && !isAtomicMap(name)) {
    const fields: Fields = { ...live };
    for (const [field, value] of Object.entries(applied)) fields[field] = merged(live[field], value, field);
    return fields;
  }
  if (!Array.isArray(live) || !Array.isArray(applied)) return structuredClone(applied);
  const identity = identityOf(name, [...live, ...applied]);
  return identity === null ? structuredClone(applied) : mergedLists(live, applied, identity);
}

function mergedLists(live: unknown[], applied: unknown[], identity: (item: unknown) => string): unknown[] {
  const byKey = new Map(live.map((item) => [identity(item), item]));
  const ofApplied = applied.map((item) => {
    const before = byKey.get(identity(item));
    return before === undefined ? structuredClone(item) : merged(before, item);
  });
  const keys = new Set(applied.map(identity));
  // What others put there keeps its place before; what is applied follows in its own order.
  return keys.size === 0 ? live : [...live.filter((item) => !keys.has(identity(item))), ...ofApplied];
}

/** The object without the paths; emptied maps go too, unless they were empty before. */
export function without(object: Fields, paths: Iterable<string>): Fields {
  const copy = structuredClone(object);
  // Deepest first, so that an item goes only after its fields.
  const deepestFirst = [...paths].map(elementsOf).sort((one, other) => other.length - one.length);
  for (const path of deepestFirst) removeAt(copy, path, "");
  return copy;
}

function removeAt(node: unknown, path: readonly string[], name: string): void {
  const [element = "", ...rest] = path;
  if (Array.isArray(node)) removeItem(node, element, rest, name);
  if (!isFields(node)) return;
  const field = element.slice(2);
  if (rest.length === 0) {
    delete node[field];
    return;
  }
  const child = node[field];
  removeAt(child, rest, field);
  const isEmpty = Array.isArray(child) ? child.length === 0 : isFields(child) && Object.keys(child).length === 0;
  if (isEmpty) delete node[field];
}

function removeItem(items: unknown[], element: string, rest: readonly string[], name: string): void {
  const identity = identityOf(name, items);
  const index = identity === null ? -1 : items.findIndex((item) => identity(item) === element);
  if (index < 0) return;
  if (rest.length === 0) items.splice(index, 1);
  else if (!isKey(element, rest)) removeAt(items[index], rest, "");
}

/** What an item is found by goes only with the item. */
function isKey(element: string, [field = "", ...deeper]: readonly string[]): boolean {
  return deeper.length === 0 && element.startsWith("k:") && field.slice(2) in JSON.parse(element.slice(2));
}
