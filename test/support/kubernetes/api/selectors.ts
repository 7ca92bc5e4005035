/** labelSelector and fieldSelector of lists and watches. */
import { fieldsAt, type KubeObject, textAt } from "./objects.ts";
import { badRequest } from "./statuses.ts";

export type Selector = (object: KubeObject) => boolean;

/** Both selectors of a query as one. Throws 400 for what cannot be read or selected by. */
export function selectorOf(query: URLSearchParams): Selector {
  const label = labelSelector(query.get("labelSelector") ?? "");
  const field = fieldSelector(query.get("fieldSelector") ?? "");
  return (object) => label(object) && field(object);
}

function labelSelector(text: string): Selector {
  const terms = text.split(/,(?![^(]*\))/).flatMap((term) => (term.trim() === "" ? [] : [labelTerm(term.trim())]));
  return (object) => terms.every((matches) => matches(object.metadata.labels ?? {}));
}

function labelTerm(term: string): (labels: Record<string, string>) => boolean {
  const set = /^([\w./-]+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(term);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    const values = list.split(",").map((value) => value.trim());
    return (labels) => (labels[key] !== undefined && values.includes(labels[key])) === (operator === "in");
  }
  const equality = /^([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)$/.exec(term);
  if (equality !== null) {
    const [, key = "", operator, value] = equality;
    return (labels) => (labels[key] === value) === (operator !== "!=");
  }
  const presence = /^(!?)([\w./-]+)$/.exec(term);
  if (presence === null)
    throw badRequest(`unable to parse requirement: found '${term}', expected: '=', '!=', '==', 'in', notin'`);
  return (labels) => (labels[presence[2] ?? ""] === undefined) === (presence[1] === "!");
}

const selectable = ["metadata.name", "metadata.namespace", "status.phase", "spec.nodeName", "type", "reason"].concat(
  ["name", "namespace", "uid", "kind"].map((field) => `involvedObject.${field}`),
);

function fieldSelector(text: string): Selector {
  const terms = text.split(",").filter((term) => term !== "");
  const parsed = terms.map((term) => {
    const [, field = "", operator, value] = /^([\w.]+)(==|=|!=)(.*)$/.exec(term) ?? [];
    if (!selectable.includes(field)) throw badRequest(`field label not supported: ${field || term}`);
    return { path: field.split("."), isEqual: operator !== "!=", value };
  });
  return (object) => parsed.every(({ path, isEqual, value }) => (valueAt(object, path) === value) === isEqual);
}

const valueAt = (object: KubeObject, path: string[]) =>
  path.length === 1 ? String(fieldsAt(object)[path[0] ?? ""] ?? "") : (textAt(object, ...path) ?? "");
