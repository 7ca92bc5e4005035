/** The OpenAPI document against the router: nothing undocumented, nothing dead, and every operation says enough. */
import { describe, expect, it } from "vitest";
import { app } from "../../../workers/app.ts";
import { type Operation, openApiDocument } from "../../../workers/http/document.ts";
import { ajv, resolved } from "../support/document.ts";

const document = openApiDocument(app, null);
/** What a bridge and the Worker say to each other is no API for others; the page's files are no API at all. */
const isOfBridges = (route: string) => route.includes("/api/v1/bridge/");

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ route: `${method.toUpperCase()} ${path}`, operation })),
);
const routes = new Set(
  app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`),
);
const isSocket = (operation: Operation) => operation.tags?.includes("sockets") && "101" in operation.responses;

describe("the document", () => {
  it("tells every route, and no other", () => {
    const served = [...routes].filter((route) => !isOfBridges(route)).sort();
    expect(operations.map(({ route }) => route).sort()).toEqual(served);
  });

  it("names every operation once, in camel case", () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(ids.filter((id) => !/^[a-z][A-Za-z0-9]+$/.test(id ?? ""))).toEqual([]);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it("has words for every tag", () => {
    const used = new Set(operations.flatMap(({ operation }) => operation.tags ?? []));
    expect(document.tags.map(({ name }) => name).sort()).toEqual([...used].sort());
    expect(document.tags.filter(({ description }) => !description)).toEqual([]);
  });
});

it("lets everything that is created be asked for twice; a ticket is good once, what has a path is the same again", () => {
  const creating = operations.filter(({ operation }) => "201" in operation.responses);
  const once = creating.filter(
    ({ operation }) => !operation.parameters?.some(({ name }) => name === "Idempotency-Key"),
  );
  expect(once.map(({ operation }) => operation.operationId)).toEqual(["createTicket", "makeDirectory", "writeFile"]);
});

it("lets nobody overwrite by PUT what they have not seen; a grant or a part is the same however often, an archive has many files", () => {
  const putting = operations.filter(({ route }) => route.startsWith("PUT "));
  const blind = putting.filter(({ operation }) => !operation.parameters?.some(({ name }) => name === "If-Match"));
  expect(blind.map(({ operation }) => operation.operationId)).toEqual(["grantCluster", "unpackFiles", "putUploadPart"]);
});

describe.each(operations)("$route", ({ operation }) => {
  it("says what it is for and who may call", () => {
    expect(operation).toMatchObject({ summary: expect.any(String), tags: [expect.any(String)] });
    expect(operation.security).toBeDefined();
  });

  it("names the shapes of its bodies and shows an example that fits each", () => {
    const bodies = [operation.requestBody ?? {}, ...Object.values(operation.responses)];
    const media = bodies.flatMap(({ content = {} }) => Object.entries(content));
    for (const [type, { schema, example }] of media) {
      if (!/json/.test(type)) continue;
      expect(schema?.$ref).toMatch(/^#\/components\/schemas\/\w+$/);
      const shown = example ?? (schema && resolved(document, schema).example);
      expect(shown, `${operation.operationId} ${schema?.$ref}`).toBeDefined();
      const isFit = ajv(document).validate(String(schema?.$ref).replace("#", "document#"), shown);
      expect(isFit, JSON.stringify(ajv(document).errors)).toBe(true);
    }
  });

  it("tells how it succeeds, and how it refuses", () => {
    const statuses = Object.keys(operation.responses);
    expect(statuses.some((status) => /^[23]/.test(status)) || isSocket(operation)).toBe(true);
    expect(statuses.some((status) => status.startsWith("4"))).toBe(true);
    const problems = statuses.filter((status) => /^[45]/.test(status));
    for (const status of problems)
      expect(operation.responses[status]?.content?.["application/problem+json"], status).toBeDefined();
  });
});
