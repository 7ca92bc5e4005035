/**
 * What no request may hold, whatever its route and schema: NUL, which Postgres keeps nowhere; numbers JSON cannot
 * carry on; more nesting or more values than any request needs. Told as a failed validation that names the field.
 */
import { Failed, type FieldError } from "../rules/failures.ts";
import type { AppMiddleware } from "./context.ts";

const maxDepth = 32;
const maxValues = 10_000;
/** Enough to put a form right; a hostile body must not make an answer many times its size. */
export const maxFieldErrors = 100;

interface Place {
  value: unknown;
  path: readonly string[];
}

/** Fails as `invalid_input` for a parsed body that no route could take. Walks without recursion: depth is hostile. */
export function refuseUnfitBody(body: unknown): void {
  const open: Place[] = [{ value: body, path: [] }];
  const errors: FieldError[] = [];
  let seen = 0;
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    seen += 1;
    const children = childrenOf(place);
    if (place.path.length > maxDepth) refuse([errorAt(["body"], `must not nest deeper than ${maxDepth}`, "too_deep")]);
    if (seen + open.length + children.length > maxValues)
      refuse([errorAt(["body"], `must not hold more than ${maxValues} values`, "too_many")]);
    if (errors.length < maxFieldErrors) errors.push(...errorsOf(place));
    open.push(...children.reverse());
  }
  if (errors.length > 0) refuse(errors);
}

/** Refuses NUL in a path, which then is nobody's, and in a query, whose parameter is named. */
export const refuseUnfitUrl: AppMiddleware = async (c, next) => {
  if (!c.req.url.includes("%00")) return next();
  if (/%00/.test(new URL(c.req.url).pathname)) throw new Failed({ kind: "not_found", what: "route" });
  const queries = Object.entries(c.req.queries());
  const errors = queries.flatMap(([name, values]) => (values.join("").includes("\0") ? [nulAt([name])] : []));
  if (errors.length > 0) refuse(errors);
  await next();
};

function childrenOf({ value, path }: Place): Place[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).map(([key, child]) => ({ value: child, path: [...path, key] }));
}

function errorsOf({ value, path }: Place): FieldError[] {
  const hasNul = (typeof value === "string" && value.includes("\0")) || path.at(-1)?.includes("\0") === true;
  if (hasNul) return [nulAt(path)];
  const isUnwritable = typeof value === "number" && !Number.isFinite(value);
  return isUnwritable ? [errorAt(path, "must be a smaller number", "too_big")] : [];
}

const nulAt = (path: readonly string[]) => errorAt(path, "must not contain NUL", "contains_nul");

function errorAt(path: readonly string[], message: string, code: string): FieldError {
  return { field: path.join(".").slice(0, 256).replaceAll("\0", "\\0") || "body", message, code };
}

function refuse(errors: FieldError[]): never {
  throw new Failed({ kind: "invalid_input", errors });
}
