/**
 * The OpenAPI 3.1 document, derived from the routes that validate. Here stands only what no route can know: who we
 * are, how to sign in, what the tags and headers mean. Bridge routes are left out by one rule: what a bridge and the
 * Worker say to each other is the protocol of durable-objects/protocol/README.md and no API for others.
 */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { serviceName, serviceVersion } from "../rules/config.ts";
import type { AppEnv } from "./context.ts";
import { type DocumentSchema, exampleOf, type Schemas } from "./document-examples.ts";
import { headers, securitySchemes, tags } from "./document-words.ts";

interface MediaType {
  schema?: DocumentSchema;
  example?: unknown;
}
interface Body {
  description?: string;
  content?: Record<string, MediaType>;
  headers?: Record<string, unknown>;
}
export interface Operation {
  operationId?: string;
  tags?: string[];
  security?: Record<string, string[]>[];
  parameters?: { name: string; in: string; required?: boolean; schema?: DocumentSchema }[];
  requestBody?: Body;
  responses: Record<string, Body>;
}
export interface Document {
  openapi: string;
  servers: { url: string }[];
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Schemas } & Record<string, Record<string, unknown>>;
}

const description = `Shared shells that survive: environments on Kubernetes, and the terminals in them.

Every path is served with and without a trailing slash. Every error is \`application/problem+json\` (RFC 9457) with a
stable \`code\`. Every answer carries \`X-Request-ID\`. A method that a path does not know is 405; HEAD is answered
wherever GET is. Times are RFC 3339 in UTC. On input \`null\` means absent and unknown keys are ignored.`;

/** The document of everything the application serves. null = the address is the one it was fetched from. */
export function openApiDocument(app: OpenAPIHono<AppEnv>, publicUrl: string | null): Document {
  const generated = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: serviceName,
      version: serviceVersion,
      description,
      license: { name: "MIT", url: "https://opensource.org/license/mit" },
    },
    servers: [{ url: publicUrl ?? "/", description: "This server" }],
  }) as unknown as Document;
  const components = { ...generated.components, securitySchemes, headers };
  const paths = mapValues(generated.paths, (operations) =>
    mapValues(operations, (operation) => completed(operation, components.schemas)),
  );
  const used = new Set(Object.values(paths).flatMap((path) => Object.values(path).flatMap(({ tags = [] }) => tags)));
  return { ...generated, tags: tags.filter(({ name }) => used.has(name)), paths, components };
}

/** A flood is turned away before any route: http/floods.ts. */
const ofEveryRoute: Record<string, Body> = {
  429: {
    description: "Too many requests",
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  },
};

/** Anybody may call what no middleware guards, and every body shows what it looks like. */
function completed(operation: Operation, schemas: Schemas): Operation {
  return {
    ...operation,
    security: operation.security ?? [],
    ...(operation.requestBody === undefined ? {} : { requestBody: withExamples(operation.requestBody, schemas) }),
    responses: mapValues({ ...ofEveryRoute, ...operation.responses }, (response, status) =>
      withExamples(withHeaders(response, status), schemas),
    ),
  };
}

function withHeaders(response: Body, status: string): Body {
  const names = ["X-Request-ID", ...(status === "429" || status === "503" ? ["Retry-After"] : [])];
  const refs = Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
  return { ...response, headers: { ...refs, ...response.headers } };
}

function withExamples(body: Body, schemas: Schemas): Body {
  if (body.content === undefined) return body;
  return { ...body, content: mapValues(body.content, (media) => withExample(media, schemas)) };
}

/** Problems differ by their route: the schema's own example is enough for them. */
function withExample(media: MediaType, schemas: Schemas): MediaType {
  if (media.schema === undefined || media.example !== undefined || isProblem(media.schema)) return media;
  const example = exampleOf(media.schema, schemas);
  return example === undefined ? media : { ...media, example };
}

function isProblem(schema: DocumentSchema): boolean {
  return schema.$ref === "#/components/schemas/Problem";
}

function mapValues<Value, Mapped>(values: Record<string, Value>, map: (value: Value, key: string) => Mapped) {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value, key)]));
}
