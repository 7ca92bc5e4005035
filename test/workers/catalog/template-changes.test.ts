/** Templates as administrators make, change and deprecate them, from JSON and from YAML. */
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { newAdmin } from "../administration/support.ts";
import { db, newTemplate, newWorld, uniqueWord } from "../environments/world.ts";

import { call, type Person } from "../support/api.ts";
import { readAudit } from "../support/audit.ts";
import { validateAnswer } from "../support/document.ts";

let admin: Person;
beforeAll(async () => {
  admin = await newAdmin();
});

const templateJson = (id: string, more: object = {}) => ({
  id,
  display_name: `Shown ${id}`,
  description: "A template of a test",
  category: "devops",
  docker_image: "node:22",
  resources: { cpu: "500m", memory: "1Gi", storage: "10Gi" },
  ...more,
});
const templateYaml = (id: string, more = "") => `# by hand
id: ${id}
display_name: Shown ${id}
description: A template of a test
category: devops
docker_image: registry.example.com:5000/team/image:1.2
resources: { cpu: 1, memory: 2Gi, storage: 20Gi }
${more}`;
const newId = () => `t${uniqueWord()}`;
const send = async (route: string, body: { json?: unknown; yaml?: string }, token = admin.accessToken) => {
  const { json, yaml } = body;
  const given = yaml === undefined ? { json } : { raw: { body: yaml, type: "application/yaml" } };
  const answer = await call(route, { token, ...given });
  validateAnswer(route, answer);
  return answer;
};
const create = (json: object) => send("POST /api/v1/templates", { json });
const firstError = (answer: { body: Record<string, unknown> }) => (answer.body["errors"] as object[] | undefined)?.[0];

describe("creating a template", () => {
  it("takes JSON and answers what everybody then reads, with the defaults filled in", async () => {
    const id = newId();
    const created = await create(templateJson(id, { aliases: [`${id}-alias`], kubeconfig: "x", usage_count: 99 }));
    expect(created.status, created.text).toBe(201);
    expect(created.body).toMatchObject({ id, name: id, status: "active", version: "1.0.0", usage_count: 0, tags: [] });
    expect(created.body["default_resources"]).toEqual({ cpu: "500m", memory: "1Gi", storage: "10Gi" });
    const read = await call(`GET /api/v1/templates/${id.toUpperCase()}-ALIAS`);
    expect(read.body).toEqual(created.body);
    await vi.waitFor(async () => {
      expect(await readAudit(id)).toMatchObject([{ action: "template.create", actorId: admin.userId, outcome: "ok" }]);
    }, 10_000);
  });

  it("takes YAML", async () => {
    const id = newId();
    const created = await send("POST /api/v1/templates", { yaml: templateYaml(id, "startup_commands:\n  - make\n") });
    expect(created.status, created.text).toBe(201);
    expect(created.body).toMatchObject({ docker_image: "registry.example.com:5000/team/image:1.2" });
    expect(created.body).toMatchObject({ startup_commands: ["make"], default_resources: { cpu: "1", memory: "2Gi" } });
  });

  it("tells what is wrong by field, in YAML by line and column too", async () => {
    const json = await create(templateJson("Bad Id", { docker_image: "node;reboot", category: "toys" }));
    const fields = (json.body["errors"] as { field: string }[]).map(({ field }) => field);
    expect([json.status, fields.sort()]).toEqual([400, ["category", "docker_image", "id"]]);
    const yaml = await send("POST /api/v1/templates", { yaml: templateYaml("fine", "surprise: 1\n") });
    expect([yaml.status, firstError(yaml)]).toEqual([
      400,
      { field: "surprise", message: "is no field of a template", code: "invalid_text", line: 8, column: 1 },
    ]);
  });

  it.each([
    ["id", (id: string) => templateJson(id, { display_name: uniqueWord() })],
    ["display_name", (id: string) => templateJson(newId(), { display_name: id.toUpperCase() })],
    ["display_name", (id: string) => templateJson(newId(), { display_name: `sHOWN ${id}` })],
    ["aliases", (id: string) => templateJson(newId(), { aliases: [`alias-${id}`] })],
    ["aliases", (id: string) => templateJson(newId(), { aliases: [id] })],
  ])("refuses another one's name as its %s, in any case", async (field, clash) => {
    const taken = await newTemplate();
    const answer = await create(clash(taken));
    expect([answer.status, answer.body["code"], answer.body["field"]]).toEqual([409, "already_exists", field]);
  });

  it("gives a name to one of twenty that ask for it at once", async () => {
    const shared = `shared-${uniqueWord()}`;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        create(index % 2 === 0 ? templateJson(newId(), { aliases: [shared] }) : templateJson(shared)),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
  });

  it("is for administrators", async () => {
    const { person } = await newWorld();
    const json = templateJson(newId());
    const answer = await send("POST /api/v1/templates", { json }, person.token);
    expect([answer.status, answer.body["code"]]).toEqual([403, "admin_required"]);
    expect((await call(`GET /api/v1/templates/${json.id}`)).status).toBe(404);
  });

  it("refuses other media types and texts over 64 KiB", async () => {
    const raw = { body: "<template/>", type: "application/xml" };
    expect((await call("POST /api/v1/templates", { token: admin.accessToken, raw })).status).toBe(415);
    const large = await send("POST /api/v1/templates", { yaml: templateYaml(newId(), `# ${"x".repeat(65_536)}`) });
    expect([large.status, large.body["code"]]).toEqual([413, "body_too_large"]);
  });
});

describe("changing a template", () => {
  it("changes what is given and leaves the rest, from JSON and YAML", async () => {
    const id = await newTemplate();
    const before = (await call(`GET /api/v1/templates/${id}`)).body;
    const json = await send(`PUT /api/v1/templates/alias-${id}`, { json: { docker_image: "node:24" } });
    expect(json.status, json.text).toBe(200);
    const { updated_at, ...same } = { ...before, docker_image: "node:24", image: "node:24" } as Record<string, unknown>;
    expect(json.body).toMatchObject(same);
    const yaml = await send(`PUT /api/v1/templates/${id}`, { yaml: "default_port: null\naliases: []\n" });
    expect(yaml.body).toMatchObject({ ...same, default_port: null, aliases: [] });
    expect((await call(`GET /api/v1/templates/alias-${id}`)).status).toBe(404);
    await vi.waitFor(async () => {
      const details = (await readAudit(id)).map(({ action, detail }) => ({ action, ...detail }));
      expect(details).toContainEqual({ action: "template.update", fields: ["aliases", "default_port"] });
    }, 10_000);
  });

  it("takes back what was read", async () => {
    const id = await newTemplate();
    const { body } = await call(`GET /api/v1/templates/${id}`);
    const answer = await send(`PUT /api/v1/templates/${id}`, { json: body });
    expect([answer.status, answer.body]).toEqual([200, { ...body, updated_at: expect.any(String) }]);
  });

  it("is refused to whoever has not seen the newest, also when two come at once", async () => {
    const id = await newTemplate();
    const etag = (await call(`GET /api/v1/templates/${id}`)).headers.get("etag") ?? "";
    const put = (description: string) =>
      call(`PUT /api/v1/templates/${id}`, {
        token: admin.accessToken,
        json: { description },
        headers: { "if-match": etag },
      });
    const answers = await Promise.all(["one", "two", "three"].map(put));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
    expect((await put("late")).status).toBe(412);
  });

  it("keeps the id, and refuses another one's name", async () => {
    const [id, other] = [await newTemplate(), await newTemplate()];
    const moved = await send(`PUT /api/v1/templates/${id}`, { json: { id: newId() } });
    expect([moved.status, firstError(moved)]).toMatchObject([400, { field: "id", code: "immutable" }]);
    const clash = await send(`PUT /api/v1/templates/${id}`, { json: { aliases: [other] } });
    expect([clash.status, clash.body["field"]]).toEqual([409, "aliases"]);
    expect((await send("PUT /api/v1/templates/nothing", { json: {} })).status).toBe(404);
  });

  it("leaves the environments that were made of it as they are", async () => {
    const { create: createEnvironment, template, person, path } = await newWorld();
    const { body } = await createEnvironment();
    await send(`PUT /api/v1/templates/${template}`, { json: { docker_image: "node:24", default_port: 1 } });
    const after = await call(`GET ${path(body.id)}`, { token: person.token });
    expect(after.body).toMatchObject({ docker_image: "node:22", port: 8000 });
  });
});

describe("deprecating a template", () => {
  it("hides it, lets nothing be made of it, and may be repeated", async () => {
    const { create: createEnvironment, template } = await newWorld();
    for (const _ of [1, 2]) expect((await send(`DELETE /api/v1/templates/${template}`, {})).status).toBe(200);
    expect((await call(`GET /api/v1/templates/${template}`)).body["status"]).toBe("deprecated");
    const search = await call(`GET /api/v1/templates/search?q=${template}`);
    expect(search.body["templates"]).toEqual([]);
    expect((await createEnvironment()).status).toBe(404);
    expect((await send("DELETE /api/v1/templates/nothing", {})).status).toBe(404);
    await vi.waitFor(async () => {
      expect((await readAudit(template)).map(({ action }) => action)).toContain("template.deprecate");
    }, 10_000);
  });
});

describe("initializing", () => {
  it("adds the default ones that are missing and touches no other, also twice at once", async () => {
    await db.execute(sql`update templates set description = 'Changed' where id = 'golang'`);
    await db.execute(sql`delete from templates where id = 'rust'`);
    const answers = await Promise.all([1, 2].map(() => send("POST /api/v1/templates/initialize", { json: {} })));
    const lists = answers.map(({ body }) => [body["created"], body["skipped"]].flat().length);
    expect(lists).toEqual([9, 9]);
    expect(answers.flatMap(({ body }) => body["created"])).toEqual(["rust"]);
    expect((await call("GET /api/v1/templates/rust")).body).toMatchObject({ default_resources: { storage: "15Gi" } });
    expect((await call("GET /api/v1/templates/golang")).body["description"]).toBe("Changed");
  });
});
