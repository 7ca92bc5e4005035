/**
 * Check 19: what people write is data: names, descriptions, variables, searches, template fields come back as they
 * were, or are refused where a program will take them as a name. (test/bridge/runtime/19-injection.test.ts drives the
 * same texts through a real shell and a real tmux.)
 */
import { beforeAll, describe, expect, it } from "vitest";
import { hostileTexts } from "../../support/hostile-texts.ts";
import { newAdmin } from "../administration/support.ts";
import { newWorld, uniqueWord } from "../environments/world.ts";
import { call, type Person } from "../support/api.ts";

const texts = hostileTexts("/tmp/devpocket-canary");
let admin: Person;
let world: Awaited<ReturnType<typeof newWorld>>;
beforeAll(async () => {
  admin = await newAdmin();
  world = await newWorld(1000);
});

const fieldsOf = (body: Record<string, unknown>) =>
  ((body["errors"] as { field: string }[] | undefined) ?? []).map(({ field }) => field);

describe("an environment", () => {
  const make = (more: object) => world.create<Record<string, unknown>>(more);

  it.each(texts)("called %j is called that, and so are its description and variables", async (text) => {
    const made = await make({ name: text.trim(), description: text, environment_variables: { VALUE: text } });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    const read = await call(`GET /api/v1/environments/${made.body["id"]}`, { token: world.person.token });
    expect(read.body).toMatchObject({ name: text.trim(), description: text });
    expect(read.body["environment_variables"]).toMatchObject({ VALUE: text });
    const desired = await call("GET /api/v1/bridge/desired", { token: world.cluster.token });
    const list = desired.body["environments"] as Record<string, unknown>[];
    const told = list.find(({ id }) => id === made.body["id"]);
    expect(told).toMatchObject({ name: text.trim(), environment_variables: { VALUE: text } });
  });

  it.each(["a\nb", "a\rb", "\u001b[2J", "a\0b", "a\u2028b", "\u202etxt", "\ud800"])(
    "is not called %j",
    async (name) => {
      const made = await make({ name });
      expect([made.status, fieldsOf(made.body)]).toEqual([400, ["name"]]);
    },
  );

  it.each(["A B", "A=B", "-x", "$(id)", "1A", "A\n", "A-B", "ÄÖ", "", "#{A}"])(
    "has no variable called %j",
    async (name) => {
      const made = await make({ environment_variables: { [name]: "x" } });
      expect(made.status, JSON.stringify(made.body)).toBe(400);
    },
  );
});

describe("a template", () => {
  const make = (more: object) =>
    call("POST /api/v1/templates", {
      token: admin.accessToken,
      json: {
        id: `t${uniqueWord()}`,
        display_name: uniqueWord(),
        description: "A template of a test",
        category: "devops",
        docker_image: "node:22",
        resources: { cpu: "1", memory: "1Gi", storage: "1Gi" },
        ...more,
      },
    });

  it.each(texts)("with the words %j shows them as they are", async (text) => {
    const shown = `${text.trim()} ${uniqueWord()}`;
    const made = await make({ display_name: shown, description: shown, environment_variables: { A: text } });
    expect(made.status, made.text).toBe(201);
    expect(made.body).toMatchObject({ display_name: shown, description: shown, environment_variables: { A: text } });
    const found = await call(`GET /api/v1/templates/search?q=${encodeURIComponent(shown)}`);
    expect((found.body["templates"] as { id: string }[]).map(({ id }) => id)).toEqual([made.body["id"]]);
  });

  it.each(texts)("takes %j for no name, image, tag or alias", async (text) => {
    for (const [field, value] of [
      ["id", text],
      ["docker_image", text],
      ["docker_image", `node:22 ${text}`],
      ["tags", [text]],
      ["aliases", [text]],
      ["version", text],
      ["icon_url", `https://example.com/${text}\n`],
    ] as const) {
      const made = await make({ [field]: value });
      expect([field, made.status]).toEqual([field, 400]);
      expect(fieldsOf(made.body)[0]).toMatch(new RegExp(`^${field}`));
    }
  });

  it.each(["-c id", "--version", "a\nb", "a\0b", "\u001b]0;x\u0007", "\ud800"])(
    "runs no command %j",
    async (command) => {
      const made = await make({ startup_commands: [command] });
      expect([made.status, fieldsOf(made.body)]).toEqual([400, ["startup_commands.0"]]);
    },
  );
});

describe("what else is written", () => {
  it.each(texts)("%j finds nothing and breaks nothing in searches and paths", async (text) => {
    const word = encodeURIComponent(text);
    for (const route of [
      `GET /api/v1/templates?search=${word}`,
      `GET /api/v1/templates/search?q=${word}&tags=${word}`,
      `GET /api/v1/environments?template_id=${word}`,
    ])
      expect((await call(route, { token: world.person.token })).status, route).toBe(200);
    for (const route of [
      `GET /api/v1/templates/${word}`,
      `GET /api/v1/clusters/${word}`,
      `GET /api/v1/environments/${word}`,
      `GET /api/v1/environments/${word}/logs`,
    ])
      expect((await call(route, { token: world.person.token })).status, route).toBe(404);
  });
});
