/** What is refused on every route before any schema is asked: bodies, paths and queries that nothing could keep. */
import { beforeAll, describe, expect, it } from "vitest";
import { api, newWorld } from "../environments/world.ts";
import { type Answer, call, newPerson, type Person } from "../support/api.ts";

const environments = "/api/v1/environments";
let person: Person;

beforeAll(async () => {
  person = await newPerson();
});

const fieldsOf = ({ body }: Answer) => (body["errors"] as { field: string }[]).map(({ field }) => field);
const create = (json: unknown) => call(`POST ${environments}`, { token: person.accessToken, json });
const createRaw = (body: string) =>
  call(`POST ${environments}`, { token: person.accessToken, raw: { body, type: "application/json" } });

describe("NUL", () => {
  it.each([
    ["POST /api/v1/auth/login", { username: "a\0b", password: "x" }, ["username"]],
    [
      "POST /api/v1/auth/register",
      { username: "nul", email: "n@x.org", password: "A\0", full_name: "\0" },
      ["password", "full_name"],
    ],
    ["POST /api/v1/auth/refresh", { refreshToken: "\0" }, ["refreshToken"]],
    [`POST ${environments}`, { name: "n", template: "\0", cluster_id: "\0" }, ["template", "cluster_id"]],
    [
      `POST ${environments}`,
      { name: "n", template: "x", environment_variables: { A: "\0" } },
      ["environment_variables.A"],
    ],
    ["PUT /api/v1/users/me", { full_name: "a\0" }, ["full_name"]],
  ])("in a body of %s names the fields: %o", async (route, json, fields) => {
    const answer = await call(route, { json, token: person.accessToken });
    expect([answer.status, answer.body["code"]]).toEqual([400, "invalid_input"]);
    expect(fieldsOf(answer)).toEqual(fields);
  });

  it("in a query names the parameter", async () => {
    const own = await call(`GET ${environments}?template_id=a%00b`, { token: person.accessToken });
    expect([own.status, fieldsOf(own)]).toEqual([400, ["template_id"]]);
    const open = await call("GET /api/v1/templates/search?q=%00&tags=a%00");
    expect([open.status, fieldsOf(open)]).toEqual([400, ["q", "tags"]]);
  });

  it.each([
    `GET ${environments}/a%00b`,
    `PUT ${environments}/%00`,
    `POST ${environments}/a%00b/start`,
    "GET /api/v1/templates/a%00",
    "GET /api/v1/clusters/%00/health",
  ])("in a path is the path of nothing: %s", async (route) => {
    const answer = await call(route, { token: person.accessToken, ...(route.startsWith("PUT") ? { json: {} } : {}) });
    expect([answer.status, answer.body["code"]]).toEqual([404, "not_found"]);
  });

  it("in a bridge's words, or half a character, costs the bridge no report", async () => {
    const { create: createOwn, cluster, person: owner, path } = await newWorld();
    const { id } = (await createOwn()).body;
    const told = { phase: "error", status_message: "a: \0 \ud83d", reason: "a\0", installation_completed: false };
    const observed = [{ environment_id: id, generation: 1, ...told }];
    const body = { bridge_id: "b\0", runtime: "lo\0cal", observed };
    expect((await api("POST", "/api/v1/bridge/report", { token: cluster.token, body })).status).toBe(200);
    const { body: seen } = await api("GET", path(id), { token: owner.token });
    expect(seen).toMatchObject({ phase: "error", status_message: "a: \ufffd \ufffd" });
  });
});

describe("an id that is none", () => {
  it.each([
    "x".repeat(5000),
    "..%2f..%2fetc",
    "%F0%9F%98%80",
    "%ff",
    "a%20b",
    "'",
    "%25",
    "<script>",
    "null",
    "%0d%0aX:y",
  ])("is unknown and nothing else: %s", async (id) => {
    const token = person.accessToken;
    for (const route of [`GET ${environments}/${id}`, `GET /api/v1/clusters/${id}`, `GET /api/v1/templates/${id}`]) {
      const answer = await call(route, { token });
      expect([answer.status, answer.body["code"]], route).toEqual([404, "not_found"]);
    }
  });
});

describe("a body nothing needs", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

  it("is refused when it nests deep, however deep", async () => {
    for (const depth of [40, 100_000]) {
      const answer = await createRaw(`{"name":"n","template":"python","x":${nested(depth)}}`);
      expect([answer.status, answer.body["code"]]).toEqual([400, "invalid_input"]);
    }
  });

  it("is refused when it holds very many values, with an answer that stays small", async () => {
    const values = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`K${n}`, n]));
    for (const count of [9_000, 200_000]) {
      const answer = await create({ name: "n", template: "python", environment_variables: values(count) });
      expect(answer.status).toBe(400);
      expect(answer.text.length).toBeLessThan(20_000);
    }
  });

  it("is refused when it holds a number that is none", async () => {
    const answer = await createRaw('{"name":"n","template":"python","resources":{"cpu":1e999}}');
    expect([answer.status, fieldsOf(answer)]).toEqual([400, ["resources.cpu"]]);
  });

  it("is taken when only unknown keys are odd", async () => {
    const answer = await call("POST /api/v1/auth/login", {
      json: { username: person.username, password: person.password, max_instances: null, x: { y: [1, "\ud800"] } },
    });
    expect(answer.status).toBe(200);
  });

  it("with broken UTF-8 or a byte order mark is read as text and validated", async () => {
    const answer = await call("POST /api/v1/auth/login", {
      raw: { body: '\ufeff{"username":"\ufffd","password":"x"}', type: "application/json; charset=utf-8" },
    });
    expect(answer.status).toBe(401);
  });
});

describe("a failed validation", () => {
  it("names every field at once, also those that other fields depend on", async () => {
    const empty = await call("POST /api/v1/auth/login", { json: {} });
    expect(fieldsOf(empty).sort()).toEqual(["password", "username_or_email"]);
    const creation = await create({ environment_variables: { "1a": "x", B: 5, "c d": "e" }, resources: { cpu: "no" } });
    expect(fieldsOf(creation).sort()).toEqual([
      "environment_variables.1a",
      "environment_variables.B",
      "environment_variables.c d",
      "name",
      "resources.cpu",
      "template",
    ]);
    expect(creation.body["detail"]).toContain("name: Required");
  });

  it("takes any of the names of a person, and passes over blank ones", async () => {
    const { username, email, password } = person;
    for (const names of [{ username }, { email: email.toUpperCase() }, { username_or_email: " ", username }])
      expect((await call("POST /api/v1/auth/login", { json: { ...names, password } })).status).toBe(200);
  });
});
