/** Creating environments: what is answered, what is refused, what holds when many come at once. */
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import type { EnvironmentBody } from "../../../workers/routes/environments/shapes.ts";
import { FakeBridge } from "./fake-bridge.ts";
import {
  api,
  db,
  newApi,
  newCluster,
  newPerson,
  newTemplate,
  newWorld,
  type Problem,
  patientApi,
  uniqueWord,
} from "./world.ts";

describe("creating an environment", () => {
  it("answers 201 and running as soon as the bridge has made it run", async () => {
    const world = await newWorld();
    const created = await new FakeBridge(world.cluster).serve(world.create({ name: "my env" }, patientApi));
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      name: "my env",
      status: "running",
      phase: "running",
      template_id: world.template,
      template_name: `Shown ${world.template}`,
      cluster_id: world.cluster.id,
      docker_image: "node:22",
      port: 8000,
      resource_limits: { cpu: "500m", memory: "1Gi", storage: "10Gi" },
      environment_variables: { FROM_TEMPLATE: "yes" },
      installation_completed: true,
    });
    expect(created.body.id).toMatch(/^env_[a-z0-9]{20}$/);
    expect(created.body.resources).toEqual(created.body.resource_limits);
  });

  it("answers creating when no bridge has come by after the configured wait", async () => {
    const { create } = await newWorld();
    const created = await create();
    expect([created.status, created.body.status, created.body.phase]).toEqual([201, "creating", "creating"]);
  });

  it("takes a template by slug, alias or display name, in any case", async () => {
    const { create, template } = await newWorld();
    for (const name of [template, `ALIAS-${template}`, `shown ${template.toUpperCase()}`]) {
      const created = await create({ template: undefined, template_id: name });
      expect(created.body.template_id).toBe(template);
    }
  });

  it("understands the spellings and nulls that older clients send", async () => {
    const { create, template } = await newWorld();
    const created = await create({
      template: undefined,
      templateId: template,
      description: null,
      max_instances: 3,
      resource_limits: { cpu: "1", memory: null },
      environmentVariables: { A: "1", B: null },
    });
    expect(created.status).toBe(201);
    expect(created.body.resource_limits).toEqual({ cpu: "1", memory: "1Gi", storage: "10Gi" });
    expect(created.body.environment_variables).toEqual({ FROM_TEMPLATE: "yes", A: "1" });
  });

  it("ignores fields that are not the caller's to set", async () => {
    const { create, cluster } = await newWorld();
    const other = await newPerson();
    const created = await create({
      user_id: other.id,
      status: "running",
      phase: "running",
      id: "env_x",
      generation: 9,
    });
    expect(created.body).toMatchObject({ status: "creating", cluster_id: cluster.id });
    const list = await api<EnvironmentBody[]>("GET", "/api/v1/environments/", { token: other.token });
    expect(list.body).toEqual([]);
  });

  it("keeps variables sealed where they lie", async () => {
    const { create } = await newWorld();
    const created = await create({ environment_variables: { SECRET: "plain-text-secret" } });
    expect(created.body.environment_variables["SECRET"]).toBe("plain-text-secret");
    const { rows } = await db.execute(
      sql`select environments::text as whole from environments where id = ${created.body.id}`,
    );
    expect(JSON.stringify(rows)).not.toContain("plain-text-secret");
  });

  it("clamps sizes that were not asked for to the plan", async () => {
    const { create, template } = await newWorld();
    await db.execute(sql`update templates set storage_bytes = 200::bigint * 1073741824 where id = ${template}`);
    expect((await create()).body.resource_limits.storage).toBe("20Gi");
  });
});

describe("a creation is refused", () => {
  let shared: Awaited<ReturnType<typeof newWorld>>;
  beforeAll(async () => {
    shared = await newWorld();
  });

  it.each([
    [{ name: "" }, "name"],
    [{ name: "   " }, "name"],
    [{ name: "x".repeat(51) }, "name"],
    [{ name: "a\nb" }, "name"],
    [{ name: "a\u0000b" }, "name"],
    [{ name: "evil\u202Egnp" }, "name"],
    [{ name: 5 }, "name"],
    [{ name: null }, "name"],
    [{ template: undefined }, "template"],
    [{ template: 5 }, "template"],
    [{ description: "x".repeat(501) }, "description"],
    [{ resources: { cpu: "lots" } }, "resources.cpu"],
    [{ resources: { memory: "-1Gi" } }, "resources.memory"],
    [{ resources: "big" }, "resources"],
    [{ resources: { cpu: "1m" } }, "resources.cpu"],
    [{ environment_variables: { "A-B": "x" } }, "environment_variables.A-B"],
    [{ environment_variables: { A: "a\u0000b" } }, "environment_variables.A"],
    [{ environment_variables: { A: 5 } }, "environment_variables.A"],
    [{ environment_variables: ["A"] }, "environment_variables"],
  ])("with 400 and the field for %j", async (more, field) => {
    const refused = await shared.create<Problem>(more);
    expect([refused.status, refused.body.code]).toEqual([400, "invalid_input"]);
    expect(refused.body.errors?.map((error) => error.field)).toContain(field);
  });

  it("with 404 for an unknown or retired template", async () => {
    const { create } = shared;
    for (const template of ["no-such-template", await newTemplate("deprecated")]) {
      const refused = await create<Problem>({ template });
      expect([refused.status, refused.body.detail]).toEqual([404, "Template not found"]);
    }
  });

  it("with 404 for a cluster that is unknown or not theirs", async () => {
    const { create, person } = await newWorld();
    const closed = await newCluster({ isShared: false });
    const [unknown, foreign] = [
      await create<Problem>({ cluster_id: "nowhere" }),
      await create<Problem>({ cluster_id: closed.id }),
    ];
    expect([unknown.status, foreign.status]).toEqual([404, 404]);
    expect(foreign.body.detail).toBe(unknown.body.detail);
    await db.execute(sql`insert into user_clusters values (${person.id}, ${closed.id})`);
    expect((await create({ cluster_id: closed.id })).status).toBe(201);
  });

  it("with 403 and the limit for sizes over the plan", async () => {
    const { create } = shared;
    const refused = await create<Problem>({ resources: { memory: "8Gi" } });
    expect([refused.status, refused.body.code]).toEqual([403, "quota_exceeded"]);
    expect(refused.body.detail).toContain("limit of 4Gi");
  });

  it("with 403 before the e-mail address is verified", async () => {
    const { create, person } = await newWorld();
    await db.execute(sql`update users set is_verified = false where id = ${person.id}`);
    const refused = await create<Problem>();
    expect([refused.status, refused.body.code]).toEqual([403, "email_not_verified"]);
  });

  it("with 409 for a name in use, in any case, among the caller's live ones only", async () => {
    const [world, other] = [await newWorld(), await newWorld()];
    const name = `Same ${uniqueWord()}`;
    const first = await world.create({ name });
    const again = await world.create<Problem>({ name: name.toUpperCase() });
    expect([again.status, again.body.code]).toEqual([409, "already_exists"]);
    expect((await other.create({ name })).status).toBe(201);
    await api("DELETE", world.path(first.body.id), { token: world.person.token });
    expect((await world.create({ name })).status).toBe(201);
  });

  it("with 503 when the cluster is full", async () => {
    const { create } = await newWorld();
    const full = await newCluster({ maxEnvironments: 1 });
    expect((await create({ cluster_id: full.id })).status).toBe(201);
    const refused = await create<Problem>({ cluster_id: full.id });
    expect([refused.status, refused.body.code]).toEqual([503, "cluster_full"]);
  });

  it("with 401 for nobody", async () => {
    expect((await api("POST", "/api/v1/environments", { body: { name: "x", template: "python" } })).status).toBe(401);
  });
});

describe("many creations at once", () => {
  it("never exceed the plan's limit", async () => {
    const { create, person } = await newWorld(3);
    const answers = await Promise.all(Array.from({ length: 50 }, () => create<EnvironmentBody & Problem>()));
    const created = answers.filter((answer) => answer.status === 201);
    const refused = answers.filter((answer) => answer.status === 403 && answer.body.code === "quota_exceeded");
    expect([created.length, refused.length]).toEqual([3, 47]);
    expect(refused[0]?.body.detail).toContain("limit");
    const { rows } = await db.execute(
      sql`select count(*)::int as count from environments where user_id = ${person.id}`,
    );
    expect(rows).toEqual([{ count: 3 }]);
  });

  it("of one name make one environment", async () => {
    const { create } = await newWorld(50);
    const answers = await Promise.all(Array.from({ length: 20 }, () => create({ name: "only one" })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, ...Array(19).fill(409)]);
  });
});

describe("creations by the hour", () => {
  it("end in 429, and one that was refused does not count", async () => {
    const world = await newWorld(5);
    const hurried = newApi({ LIMIT_ENVIRONMENTS_PER_HOUR: "2" });
    const statuses = [];
    for (const more of [{ template: "none" }, { name: "a" }, { name: "a" }, { name: "b" }, { name: "c" }]) {
      statuses.push((await world.create<Problem>(more, hurried)).status);
    }
    expect(statuses).toEqual([404, 201, 409, 201, 429]);
  });
});
