/** Requests for stored objects: which verb of the registry each becomes, and how its result is written. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Asked, authorizeVerb } from "../access/authorization.ts";
import { readBody, writeJson } from "./bodies.ts";
import { deletionOf } from "./deletions.ts";
import type { Fields } from "./objects.ts";
import type { Page, Pages } from "./pages.ts";
import type { PatchType, Registry, Target, Wish } from "./registry.ts";
import { type ApiRequest, isWatch } from "./request.ts";
import { apiVersionOf, type Resource } from "./resources.ts";
import { selectorOf } from "./selectors.ts";
import { methodNotAllowed, noSuchResource, StatusError } from "./statuses.ts";
import type { Watches } from "./watches.ts";

export interface Stored {
  registry: Registry;
  pages: Pages;
  watches: Watches;
}

const patchTypes: Record<string, PatchType> = {
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/json-patch+json": "json",
  "application/apply-patch+yaml": "apply",
};

export async function serveStored(
  stored: Stored,
  request: Asked & { resource: Resource },
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { resource, namespace, name, subresource } = request;
  if (subresource !== undefined && subresource !== "status") throw noSuchResource();
  if (name === undefined) return serveCollection(stored, request, incoming, response);
  const place = resource.isNamespaced ? namespace : undefined;
  const target: Target = { resource, namespace: place, name, subresource };
  const wish = wishOf(request, incoming);
  const { registry } = stored;
  if (request.method === "GET") return writeJson(response, 200, registry.get(target));
  const body = await readBody(incoming);
  if (request.method === "PUT") return writeJson(response, 200, registry.update(target, body, wish));
  if (request.method === "PATCH") {
    const type = patchTypeOf(incoming);
    const isNew = registry.store.get(resource, place, name) === undefined;
    if (isNew && type === "apply") authorizeVerb(request, "create");
    return writeJson(response, isNew ? 201 : 200, registry.patch(target, type, body, wish));
  }
  if (request.method !== "DELETE") throw methodNotAllowed();
  const { uid } = registry.get(target).metadata;
  const waiting = registry.delete(target, deletionOf(body, request.query));
  writeJson(response, 200, waiting ?? deleted(resource, name, uid));
}

function patchTypeOf(incoming: IncomingMessage): PatchType {
  const type = patchTypes[(incoming.headers["content-type"] ?? "").split(";")[0] ?? ""];
  if (type !== undefined) return type;
  const known = Object.keys(patchTypes).join(", ");
  const why = `the body of the request was in an unknown format - accepted media types include: ${known}`;
  throw new StatusError(415, "UnsupportedMediaType", why);
}

async function serveCollection(
  { registry, watches, pages }: Stored,
  request: ApiRequest & { resource: Resource },
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { resource, query } = request;
  const namespace = resource.isNamespaced ? request.namespace : undefined;
  const selector = selectorOf(query);
  if (request.method === "POST") {
    const created = registry.create(resource, namespace, await readBody(incoming), wishOf(request, incoming));
    return writeJson(response, 201, created);
  }
  if (request.method === "GET" && isWatch(query))
    return watches.start({ resource, namespace, selector }, query, response);
  const items = registry.store.list(resource, namespace).filter(selector);
  const { version } = registry.store;
  if (request.method === "GET")
    return writeJson(
      response,
      200,
      listOf(
        resource,
        pages.page(query, () => ({ items, version })),
      ),
    );
  if (request.method !== "DELETE") throw methodNotAllowed();
  const deletion = deletionOf(await readBody(incoming), query);
  for (const { metadata } of items) {
    registry.delete({ resource, namespace: metadata.namespace, name: metadata.name, subresource: undefined }, deletion);
  }
  writeJson(response, 200, listOf(resource, { items, version: registry.store.version, rest: undefined }));
}

/** Items of a list carry neither kind nor apiVersion. */
function listOf(resource: Resource, { items: objects, version, rest }: Page): Fields {
  const items = objects.map(({ kind: _, apiVersion: __, ...item }) => item);
  const metadata = { resourceVersion: String(version), ...rest };
  return { kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata, items };
}

function deleted(resource: Resource, name: string, uid: string): Fields {
  const group = resource.group === "" ? {} : { group: resource.group };
  const details = { name, ...group, kind: resource.plural, uid };
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}

function wishOf(request: ApiRequest, incoming: IncomingMessage): Wish {
  const isApply = incoming.headers["content-type"]?.startsWith("application/apply-patch") ?? false;
  const byAgent = (incoming.headers["user-agent"] ?? "unknown").split("/")[0] ?? "unknown";
  return {
    manager: request.query.get("fieldManager") ?? (isApply ? "" : byAgent),
    isForced: request.query.get("force") === "true",
    isDryRun: request.query.get("dryRun") === "All",
    subresource: request.subresource,
  };
}
