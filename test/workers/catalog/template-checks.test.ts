/** POST /templates/validate and the published schema: each problem with its place, and nothing hostile gets far. */
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { beforeAll, describe, expect, it } from "vitest";
import { call, newPerson, type Person } from "../support/api.ts";
import { validateAnswer } from "../support/document.ts";

interface Verdict {
  valid: boolean;
  problems: { path: string; message: string; line: number; column: number }[];
  template?: Record<string, unknown>;
}

let person: Person;
beforeAll(async () => {
  person = await newPerson();
});

const good = `id: good
display_name: Good
description: A template.
category: devops
docker_image: node:22
resources: { cpu: 500m, memory: 1Gi, storage: 10Gi }
`;
async function verdict(body: string, type = "application/yaml"): Promise<Verdict> {
  const answer = await call("POST /api/v1/templates/validate", { token: person.accessToken, raw: { body, type } });
  expect(answer.status, answer.text).toBe(200);
  validateAnswer("POST /api/v1/templates/validate", answer);
  return answer.body as unknown as Verdict;
}
const places = ({ problems }: Verdict) => problems.map(({ path, line, column }) => `${path} ${line}:${column}`);

describe("validating a template", () => {
  it.each(["application/yaml", "text/yaml", "text/plain", "application/x-yaml; charset=utf-8"])(
    "takes %s",
    async (type) => {
      const { valid, problems, template } = await verdict(good, type);
      expect([valid, problems]).toEqual([true, []]);
      expect(template).toMatchObject({ id: "good", status: "active", tags: [], resources: { cpu: "500m" } });
    },
  );

  it("takes the text inside JSON, and JSON as text", async () => {
    expect(await verdict(JSON.stringify({ template: good }), "application/json")).toMatchObject({ valid: true });
    const json = '{ "id": "good",\n  "display_name": 1 }';
    expect(places(await verdict(json, "text/plain"))).toContain("display_name 2:19");
  });

  it("tells line and column of every problem", async () => {
    const text = `id: Bad Id
display_name: Good
category: toys
docker_image: node:22
resources:
  cpu: lots
  memory: 1Gi
tags: [fine, "not fine"]
environment_variables:
  A-B: x
surprise: 1
`;
    expect(places(await verdict(text)).sort()).toEqual([
      "category 3:11",
      "description 1:1",
      "environment_variables.A-B 10:3",
      "id 1:5",
      "resources.cpu 6:8",
      "resources.storage 6:3",
      "surprise 11:1",
      "tags.1 8:14",
    ]);
  });

  it.each([
    ["a: b\n c: d\n  - e", "Nested mappings"],
    ["id: [1, 2", "Flow sequence"],
    ["a: 1\na: 2", "unique"],
    ["a: 'x", "Missing closing"],
    ["a: !run x", "Unresolved tag"],
    ["a: 1\n---\nb: 2", "multiple documents"],
    ["a: *nothing", "aliases"],
    ["\ta: 1", "Tabs"],
  ])("says of the broken YAML %j where it breaks", async (text, message) => {
    const { valid, problems } = await verdict(text);
    expect(valid).toBe(false);
    expect(problems[0]?.message).toContain(message);
    expect(problems[0]?.line).toBeGreaterThan(0);
  });

  it.each(["", "just text", "- a\n- list", "null", "42"])("says of %j that it is no template", async (text) => {
    expect((await verdict(text)).problems).toMatchObject([{ path: "", line: 1, column: 1 }]);
  });

  const bomb = `a: &a [x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]
d: [*c, *c, *c, *c, *c, *c, *c, *c, *c]
`;
  it.each([
    ["aliases of aliases", bomb],
    ["brackets", "[".repeat(60_000)],
    ["closed brackets", "[".repeat(3_000) + "]".repeat(3_000)],
    ["braces", "{a: ".repeat(2_000)],
    ["sequences", "- ".repeat(4_000)],
    ["keys in keys", "? ".repeat(4_000)],
    ["mappings on one line", "a: ".repeat(2_000)],
    ["indentation", Array.from({ length: 300 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
    ["a value that holds itself", "a: &a [*a]"],
    ["many keys", Array.from({ length: 9_000 }, (_, index) => `k${index}:`).join("\n")],
  ])("is not impressed by %s", async (_, text) => {
    expect((await verdict(text)).valid).toBe(false);
    expect((await verdict(good)).valid).toBe(true);
  });

  it("refuses more than 64 KiB, a body without a text, and people who are not signed in", async () => {
    const token = person.accessToken;
    const large = `${good}# ${"x".repeat(65_536)}`;
    const raw = { body: large, type: "text/yaml" };
    expect((await call("POST /api/v1/templates/validate", { token, raw })).status).toBe(413);
    expect((await call("POST /api/v1/templates/validate", { token, json: { template: large } })).status).toBe(413);
    expect((await call("POST /api/v1/templates/validate", { token, json: {} })).status).toBe(400);
    expect((await call("POST /api/v1/templates/validate", { json: { template: good } })).status).toBe(401);
  });
});

describe("the published schema", () => {
  it("is JSON Schema under its own address, and agrees with the verdict", async () => {
    const answer = await call("GET /api/v1/templates/schema.json");
    validateAnswer("GET /api/v1/templates/schema.json", answer);
    expect(answer.headers.get("content-type")).toBe("application/schema+json");
    const schema = answer.body;
    expect(schema["$id"]).toMatch(/^https?:\/\/.*\/api\/v1\/templates\/schema\.json$/);
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    const isValid = ajv.compile(schema);
    const { template } = await verdict(good);
    expect(isValid(template)).toBe(true);
    for (const change of [{ id: "A b" }, { surprise: 1 }, { icon_url: "http://a" }, { resources: { cpu: "lots" } }])
      expect(isValid({ ...template, ...change }), JSON.stringify(change)).toBe(false);
  });
});
