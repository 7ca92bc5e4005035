/**
 * OpenAPI v3 as far as kubectl asks before it writes: which kinds there are, and that the server itself refuses unknown fields.
 * What fields there are is not in it.
 */
import type { Fields } from "./objects.ts";
import { apiVersionOf, type Resource } from "./resources.ts";

const root = "/openapi/v3";

/** The index, or the document of one group and version; null for any other path. */
export function openApi(path: string, resources: readonly Resource[]): Fields | null {
  const byPlace = Map.groupBy(resources, placeOf);
  if (path === root) {
    const paths = [...byPlace.keys()].map((place) => [place, { serverRelativeURL: `${root}/${place}` }]);
    return { paths: Object.fromEntries(paths) };
  }
  const found = path.startsWith(`${root}/`) ? byPlace.get(path.slice(root.length + 1)) : undefined;
  if (found === undefined) return null;
  const info = { title: "Kubernetes", version: "fake" };
  return { openapi: "3.0.0", info, paths: Object.fromEntries(found.map(operationsOf)) };
}

const placeOf = (resource: Resource) => `${resource.group === "" ? "api" : "apis"}/${apiVersionOf(resource)}`;

function operationsOf(resource: Resource): [string, Fields] {
  const { group, version, kind, plural, isNamespaced } = resource;
  const parameters = [{ name: "fieldValidation", in: "query", schema: { type: "string", uniqueItems: true } }];
  const patch = { parameters, responses: {}, "x-kubernetes-group-version-kind": { group, version, kind } };
  const namespaces = isNamespaced ? "/namespaces/{namespace}" : "";
  return [`/${placeOf(resource)}${namespaces}/${plural}/{name}`, { patch }];
}
