/** JSON merge patch (RFC 7386), JSON patch (RFC 6902) and Kubernetes' strategic merge patch. */
import { isDeepStrictEqual } from "node:util";
import { type Fields, isFields } from "../api/objects.ts";
import { badRequest, StatusError } from "../api/statuses.ts";
import { identityOf } from "./lists.ts";

export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const fields: Fields = isFields(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete fields[name];
    else fields[name] = mergePatch(fields[name], value);
  }
  return fields;
}

/** As merge patch, but keyed lists are merged item by item; `$patch: delete` removes one. */
export function strategicPatch(target: unknown, patch: unknown, name = ""): unknown {
  if (Array.isArray(patch) && Array.isArray(target)) return strategicList(target, patch, name);
  if (!isFields(patch)) return patch;
  const fields: Fields = isFields(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (
      field.startsWith("$setElementOrder/") ||
      field.startsWith("$deleteFromPrimitiveList/") ||
      field === "$retainKeys"
    )
      continue;
    if (value === null) delete fields[field];
    else fields[field] = strategicPatch(fields[field], value, field);
  }
  return fields;
}

function strategicList(target: unknown[], patch: unknown[], name: string): unknown[] {
  const identity = identityOf(name, [...target, ...patch]);
  if (identity === null) return patch;
  const items = new Map(target.map((item) => [identity(item), item]));
  for (const item of patch) {
    const key = identity(item);
    if (isFields(item) && item["$patch"] === "delete") items.delete(key);
    else items.set(key, strategicPatch(items.get(key), item));
  }
  return [...items.values()];
}

export function jsonPatch(target: Fields, patch: unknown): Fields {
  if (!Array.isArray(patch))
    throw badRequest("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  const copy = structuredClone(target);
  for (const operation of patch) applyOperation(copy, isFields(operation) ? operation : {});
  return copy;
}

const segmentsOf = (pointer: unknown) =>
  String(pointer)
    .split("/")
    .slice(1)
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));

function valueAt(root: unknown, segments: readonly string[]): unknown {
  let node = root;
  for (const segment of segments)
    node = Array.isArray(node) ? node[Number(segment)] : isFields(node) ? node[segment] : undefined;
  return node;
}

function applyOperation(root: Fields, operation: Fields): void {
  const { op, path, from, value } = operation;
  const segments = segmentsOf(path);
  if (op === "test") {
    if (!isDeepStrictEqual(valueAt(root, segments), value))
      throw unprocessable(`testing value ${path} failed: test failed`);
    return;
  }
  if (op === "move" || op === "copy") {
    const found = structuredClone(valueAt(root, segmentsOf(from)));
    if (op === "move") change(root, segmentsOf(from), "remove", undefined);
    change(root, segments, "add", found);
    return;
  }
  if (op !== "add" && op !== "remove" && op !== "replace") throw badRequest(`Unexpected kind: ${op}`);
  change(root, segments, op, value);
}

function change(root: Fields, segments: readonly string[], op: "add" | "remove" | "replace", value: unknown): void {
  const parent = valueAt(root, segments.slice(0, -1));
  const last = segments.at(-1) ?? "";
  if (Array.isArray(parent)) {
    const index = last === "-" ? parent.length : Number(last);
    if (op === "remove") parent.splice(index, 1);
    else parent.splice(index, op === "replace" ? 1 : 0, value);
    return;
  }
  if (!isFields(parent) || (op !== "add" && !(last in parent))) {
    throw unprocessable(`${op} operation does not apply: doc is missing path: /${segments.join("/")}: missing value`);
  }
  if (op === "remove") delete parent[last];
  else parent[last] = value;
}

const unprocessable = (message: string) =>
  new StatusError(422, "Invalid", `the server rejected our request due to an error in our request: ${message}`);
