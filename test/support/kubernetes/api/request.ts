/** A request's path and query in Kubernetes' words: verb, resource, namespace, name, subresource. */
import type { IncomingMessage } from "node:http";
import { apiVersionOf, type Resource, resources, unstored } from "./resources.ts";

export interface ApiRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  verb: string;
  /** Null for what is no resource (discovery, health) or not known. */
  resource: Resource | null;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
}

export function parseRequest(incoming: IncomingMessage): ApiRequest {
  const url = new URL(incoming.url ?? "/", "https://fake");
  const method = incoming.method ?? "GET";
  const path = decodeURIComponent(url.pathname);
  const base = { method, path, query: url.searchParams };
  const [, prefix = "", rest = ""] = /^\/(api\/v1|apis\/[^/]+\/[^/]+)(?:\/(.*))?$/.exec(path) ?? [];
  const parts = rest.split("/").filter((part) => part !== "");
  const isInNamespace = parts[0] === "namespaces" && parts.length > 2;
  const [plural = "", name, subresource] = isInNamespace ? parts.slice(2) : parts;
  const resource = all.find((each) => each.plural === plural && prefix === pathPrefixOf(each)) ?? null;
  const isNamespace = plural === "namespaces" && !isInNamespace;
  const namespace = isInNamespace ? parts[1] : isNamespace ? name : undefined;
  return { ...base, verb: verbOf(method, name, subresource, base.query), resource, namespace, name, subresource };
}

const all = [...resources, ...unstored];

const pathPrefixOf = (resource: Resource) => (resource.group === "" ? "api/v1" : `apis/${apiVersionOf(resource)}`);

export const isWatch = (query: URLSearchParams) => ["true", "1"].includes(query.get("watch") ?? "");

function verbOf(
  method: string,
  name: string | undefined,
  subresource: string | undefined,
  query: URLSearchParams,
): string {
  // A WebSocket's handshake is a GET; connecting to exec is a create all the same, and since 1.35 both are asked for.
  if (method === "GET") {
    if (subresource === "exec") return "get";
    return name !== undefined ? "get" : isWatch(query) ? "watch" : "list";
  }
  if (method === "DELETE") return name === undefined ? "deletecollection" : "delete";
  return { POST: "create", PUT: "update", PATCH: "patch" }[method] ?? method.toLowerCase();
}
