/**
 * Check 16: no URL that somebody gives us may lead into a network. We keep them for browsers to show and never ask for
 * one ourselves, from the server or from an object: the last test watches every request that leaves the Worker. The
 * fields are read from the OpenAPI document, so that a new one is tried without a line here.
 */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { readConfig } from "../../../workers/env.ts";
import type { DocumentSchema } from "../../../workers/http/document-examples.ts";
import { hostileUrls } from "../../support/hostile-urls.ts";
import { newAdmin } from "../administration/support.ts";
import { newTemplate, uniqueWord } from "../environments/world.ts";
import { call, type Person } from "../support/api.ts";
import { resolved, theDocument } from "../support/document.ts";

interface Field {
  route: string;
  name: string;
}

/** Every top-level field of a JSON body that is described as a URI. */
function urlFields(): Field[] {
  const document = theDocument();
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody }]) => {
      const schema = requestBody?.content?.["application/json"]?.schema;
      const properties = schema === undefined ? {} : (resolved(document, schema).properties ?? {});
      const names = Object.keys(properties).filter((name) => isUrl(properties[name]));
      return names.map((name) => ({ route: `${method.toUpperCase()} ${path}`, name }));
    }),
  );
}

function isUrl(schema: DocumentSchema | undefined): boolean {
  return schema?.format === "uri" || [...(schema?.anyOf ?? []), ...(schema?.oneOf ?? [])].some(isUrl);
}

const fields = urlFields();
let admin: Person;
let template: string;
beforeAll(async () => {
  admin = await newAdmin();
  template = await newTemplate();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A body that nothing but the URL can be wrong with. */
const bodyWith = (name: string, url: string) => ({
  id: `t${uniqueWord()}`,
  display_name: uniqueWord(),
  description: "A template of a test",
  category: "devops",
  docker_image: "node:22",
  resources: { cpu: 1, memory: "1Gi", storage: "1Gi" },
  [name]: url,
});

function send({ route, name }: Field, url: string) {
  const { id, ...rest } = bodyWith(name, url);
  const json = route.startsWith("PUT") ? { [name]: url } : { id, ...rest };
  return call(route.replace("{id}", template), { token: admin.accessToken, json });
}

it("finds the fields there are", () => {
  const names = fields.map(({ route, name }) => `${route} ${name}`).sort();
  expect(names).toEqual([
    "POST /api/v1/templates documentation_url",
    "POST /api/v1/templates icon_url",
    "PUT /api/v1/templates/{id} documentation_url",
    "PUT /api/v1/templates/{id} icon_url",
    "PUT /api/v1/users/me avatar_url",
  ]);
});

describe.each(fields)("$route $name", (field) => {
  it("takes a public URL", async () => {
    const answer = await send(field, "https://example.com/picture.svg");
    expect([200, 201], answer.text).toContain(answer.status);
    expect(answer.body[field.name]).toBe("https://example.com/picture.svg");
  });

  it("refuses every other one", { timeout: 60_000 }, async () => {
    // An empty one says nothing, which is for the field to judge.
    for (const url of hostileUrls.filter((candidate) => candidate !== "")) {
      const answer = await send(field, url);
      expect([url, answer.status, answer.body["code"]]).toEqual([url, 400, "invalid_input"]);
      expect(answer.body["errors"]).toMatchObject([{ field: field.name }]);
    }
  });
});

it("refuses them in YAML too", async () => {
  for (const url of ["https://169.254.169.254/latest/", "https://[::ffff:7f00:1]/", "http://example.com/"]) {
    const raw = { body: `icon_url: ${JSON.stringify(url)}\n`, type: "application/yaml" };
    const answer = await call(`PUT /api/v1/templates/${template}`, { token: admin.accessToken, raw });
    expect([answer.status, answer.body["errors"]]).toMatchObject([400, [{ field: "icon_url", line: 1, column: 11 }]]);
  }
});

it("asks for none of them: nothing leaves the Worker but for its database and its Redis", async () => {
  const { database, redis } = readConfig(env);
  const ours = [database.fetchEndpoint, redis.url].map((url) => new URL(url ?? "").host);
  const asked = vi.spyOn(globalThis, "fetch");
  for (const field of fields) {
    await send(field, "https://example.com/picture.svg");
    await send(field, "https://127.0.0.1:1/");
  }
  await call(`GET /api/v1/templates/${template}`);
  await call("GET /api/v1/auth/me", { token: admin.accessToken });
  const hosts = asked.mock.calls.map(([input]) => new URL(input instanceof Request ? input.url : String(input)).host);
  expect(hosts.length).toBeGreaterThan(0);
  expect(hosts.filter((host) => !ours.includes(host))).toEqual([]);
});
