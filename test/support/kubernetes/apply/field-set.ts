/** Sets of field paths, and their form in managedFields: `{"f:spec": {"k:{\"name\":\"x\"}": {".": {}, "f:image": {}}}}`. */
import { type Fields, isFields } from "../api/objects.ts";
import { identityOf, isAtomicMap } from "./lists.ts";

/** A path is its elements (`f:spec`, `k:{...}`, `v:"..."`) as one JSON text, so that sets compare by value. */
export type FieldSet = ReadonlySet<string>;

export const pathOf = (elements: readonly string[]): string => JSON.stringify(elements);
export const elementsOf = (path: string): string[] => JSON.parse(path);

/** What nobody owns: identity, and what the server itself writes. */
const unowned = [
  ["apiVersion"],
  ["kind"],
  ["metadata"],
  ...[
    "name",
    "namespace",
    "creationTimestamp",
    "uid",
    "generation",
    "resourceVersion",
    "managedFields",
    "selfLink",
  ].map((field) => ["metadata", field]),
  ...["deletionTimestamp", "deletionGracePeriodSeconds"].map((field) => ["metadata", field]),
].map((path) => pathOf(path.map((field) => `f:${field}`)));

/** Leaves (and the items of merged lists) of the object, with their values as JSON. */
export function leavesOf(object: Fields): Map<string, string> {
  const leaves = new Map<string, string>();
  collect(object, [], "", leaves);
  for (const path of unowned) leaves.delete(path);
  for (const path of [...leaves.keys()]) if (path.startsWith('["f:metadata","f:managedFields"')) leaves.delete(path);
  return leaves;
}

function collect(value: unknown, path: readonly string[], name: string, leaves: Map<string, string>): void {
  if (isFields(value) && Object.keys(value).length > 0 && !isAtomicMap(name)) {
    for (const [field, each] of Object.entries(value)) collect(each, [...path, `f:${field}`], field, leaves);
    return;
  }
  const identity = Array.isArray(value) && value.length > 0 ? identityOf(name, value) : null;
  if (identity === null || !Array.isArray(value)) {
    leaves.set(pathOf(path), JSON.stringify(value) ?? "null");
    return;
  }
  for (const item of value) {
    const here = [...path, identity(item)];
    leaves.set(pathOf(here), "");
    if (isFields(item)) collect(item, here, "", leaves);
  }
}

/** The paths whose value differs between the two, or that only one has. */
export function differenceOf(before: Fields, after: Fields): { changed: Set<string>; removed: Set<string> } {
  const [old, now] = [leavesOf(before), leavesOf(after)];
  return {
    changed: new Set([...now].flatMap(([path, value]) => (old.get(path) === value ? [] : [path]))),
    removed: new Set([...old.keys()].filter((path) => !now.has(path))),
  };
}

export function toFieldsV1(set: FieldSet): Fields {
  const root: Fields = {};
  // Without its last bracket a path sorts before those below it.
  const sorted = [...set].sort((one, other) => (one.slice(0, -1) < other.slice(0, -1) ? -1 : 1));
  for (const path of sorted) {
    const elements = elementsOf(path);
    let node = root;
    for (const element of elements) {
      const next = node[element];
      if (isFields(next)) node = next;
      else node = node[element] = {} as Fields;
    }
    // An item of a list is owned by itself beside its fields.
    if (!elements.at(-1)?.startsWith("f:")) node["."] = {};
  }
  return root;
}

export function fromFieldsV1(fields: Fields): Set<string> {
  const paths = new Set<string>();
  const walk = (node: Fields, path: readonly string[]) => {
    const children = Object.entries(node).filter(([element]) => element !== ".");
    if (path.length > 0 && (children.length === 0 || "." in node)) paths.add(pathOf(path));
    for (const [element, child] of children) walk(isFields(child) ? child : {}, [...path, element]);
  };
  walk(fields, []);
  return paths;
}

/** As conflicts name it: `.spec.containers[name="main"].image`. */
export function printed(path: string): string {
  return elementsOf(path)
    .map((element) => {
      const rest = element.slice(2);
      if (element.startsWith("f:")) return `.${rest}`;
      if (element.startsWith("v:")) return `[=${rest}]`;
      const keys: Fields = JSON.parse(rest);
      return `[${Object.entries(keys)
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join(",")}]`;
    })
    .join("");
}
