/** Clusters as administrators make and change them, and as those see them who may use them. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditedAbout, newAdmin } from "../administration/support.ts";
import { db, newCluster, newPerson, newTemplate, newWorld, setPhase, uniqueWord } from "../environments/world.ts";
import { type Answer, type Call, call, type Person } from "../support/api.ts";
import { validateAnswer } from "../support/document.ts";

let admin: Person;
beforeAll(async () => {
  admin = await newAdmin();
});
/** Other tests make environments without naming a cluster. */
afterAll(() => db.execute(sql`update clusters set is_default = false`));

const send = async (route: string, options: Call = {}): Promise<Answer> => {
  const answer = await call(route, { token: admin.accessToken, ...options });
  validateAnswer(route, answer);
  return answer;
};
const create = (json: object = {}) => send("POST /api/v1/clusters", { json: { name: `n${uniqueWord()}`, ...json } });
const newId = async (json: object = {}) => String((await create(json)).body["id"]);
const defaults = async () => (await db.execute(sql`select id from clusters where is_default`)).rows;

describe("a cluster", () => {
  it("is made by an administrator and seen by everybody when it is shared", async () => {
    const name = `n${uniqueWord()}`;
    const made = await create({ name, region: "eu-central", description: "Third floor", max_environments: 7 });
    expect(made.status, made.text).toBe(201);
    expect(made.body).toMatchObject({
      id: expect.stringMatching(/^clu_[a-z0-9]{20}$/),
      name,
      region: "eu-central",
      provider: "kubernetes",
      status: "active",
      active: true,
      is_shared: true,
      max_environments: 7,
      current_environments: 0,
      health_status: "unknown",
    });
    const person = await newPerson();
    for (const path of [made.body["id"], name, name.toUpperCase()])
      expect((await send(`GET /api/v1/clusters/${path}`, { token: person.token })).body).toEqual(made.body);
    expect(await auditedAbout(String(made.body["id"]), 1)).toMatchObject([
      { action: "cluster.create", actorId: admin.userId, detail: { name } },
    ]);
  });

  it("has a name of its own, in any case, also when twenty come at once", async () => {
    const name = `n${uniqueWord()}`;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => create({ name: index % 2 === 0 ? name : name.toUpperCase() })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
    const id = await newId();
    const renamed = await send(`PUT /api/v1/clusters/${id}`, { json: { name: name.toUpperCase() } });
    expect([renamed.status, renamed.body["field"]]).toEqual([409, "name"]);
  });

  it.each([
    [{ name: "" }, "name"],
    [{ name: "a\nb" }, "name"],
    [{ region: "-x" }, "region"],
    [{ region: "a b" }, "region"],
    [{ provider: "$(id)" }, "provider"],
    [{ status: "gone" }, "status"],
    [{ max_environments: 0 }, "max_environments"],
    [{ node_count: 1.5 }, "node_count"],
    [{ is_shared: "yes" }, "is_shared"],
  ])("is not made of %j", async (json, field) => {
    const answer = await create(json);
    expect([answer.status, (answer.body["errors"] as { field: string }[])[0]?.field]).toEqual([400, field]);
  });

  it("keeps no credentials: a kubeconfig is ignored and appears nowhere", async () => {
    const kubeconfig = `secret-${uniqueWord()}`;
    const id = await newId({ kubeconfig, kube_config: kubeconfig, credentials: { kubeconfig } });
    const answers = [
      await send(`PUT /api/v1/clusters/${id}`, { json: { kubeconfig, description: "changed" } }),
      await send(`GET /api/v1/clusters/${id}`),
      await send(`GET /api/v1/clusters/${id}/health`),
      await send("GET /api/v1/clusters?scope=all"),
      await send(`GET /api/v1/clusters/${id}/tokens`),
    ];
    for (const { status, text } of answers) expect([status, text.includes(kubeconfig)]).toEqual([200, false]);
    const rows = await auditedAbout(id, 2);
    expect(JSON.stringify(rows)).not.toContain(kubeconfig);
    const { rows: stored } = await db.execute(
      sql`select clusters.*::text as everything from clusters where id = ${id}`,
    );
    expect(JSON.stringify(stored)).not.toContain(kubeconfig);
    expect(JSON.stringify(stored)).not.toContain("kubeconfig");
  });

  it("is changed in what is given, unless somebody else was faster", async () => {
    const id = await newId({ region: "eu" });
    const etag = (await send(`GET /api/v1/clusters/${id}`)).headers.get("etag") ?? "";
    const put = (description: string) =>
      send(`PUT /api/v1/clusters/${id}`, { json: { description }, headers: { "if-match": etag } });
    const answers = await Promise.all(["one", "two", "three"].map(put));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
    expect((await send(`GET /api/v1/clusters/${id}`)).body).toMatchObject({ region: "eu", status: "active" });
    expect((await send("PUT /api/v1/clusters/nowhere", { json: {} })).status).toBe(404);
  });

  it("is for administrators to change", async () => {
    const person = await newPerson();
    const id = await newId();
    const attempts = [
      ["POST /api/v1/clusters", { name: uniqueWord() }],
      [`PUT /api/v1/clusters/${id}`, { name: uniqueWord() }],
      [`DELETE /api/v1/clusters/${id}`, undefined],
      [`GET /api/v1/clusters/${id}/users`, undefined],
      [`GET /api/v1/clusters/${id}/tokens`, undefined],
      [`POST /api/v1/clusters/${id}/tokens`, { name: "x" }],
      ["GET /api/v1/clusters?scope=all", undefined],
    ] as const;
    for (const [route, json] of attempts) {
      const answer = await send(route, { token: person.token, ...(json === undefined ? {} : { json }) });
      expect([route, answer.status, answer.body["code"]]).toEqual([route, 403, "admin_required"]);
    }
  });
});

describe("the default cluster", () => {
  it("is one, whatever comes at once", async () => {
    const ids = await Promise.all([1, 2, 3].map(() => newId({ is_default: true })));
    await Promise.all(ids.map((id) => send(`PUT /api/v1/clusters/${id}`, { json: { is_default: true } })));
    await Promise.all([
      newId({ is_default: true }),
      send(`PUT /api/v1/clusters/${ids[0]}`, { json: { is_default: true } }),
    ]);
    expect(await defaults()).toHaveLength(1);
  });

  it("is the first one made, cannot be left empty, and is not removed among others", async () => {
    await db.execute(sql`update clusters set is_default = false`);
    const first = await newId();
    await newId();
    expect(await defaults()).toEqual([{ id: first }]);
    const emptied = await send(`PUT /api/v1/clusters/${first}`, { json: { is_default: false } });
    expect([emptied.status, emptied.body["errors"]]).toMatchObject([400, [{ field: "is_default" }]]);
    const removed = await send(`DELETE /api/v1/clusters/${first}`);
    expect([removed.status, removed.body["code"]]).toEqual([409, "in_use"]);
    expect((await send("PUT /api/v1/clusters/nowhere", { json: { is_default: true } })).status).toBe(404);
    expect(await defaults()).toEqual([{ id: first }]);
  });

  it("takes the environments that name no cluster", async () => {
    const [person, template] = [await newPerson(), await newTemplate()];
    const id = await newId({ is_default: true });
    const json = { name: uniqueWord(), template };
    const made = await send("POST /api/v1/environments", { token: person.token, json });
    expect([made.status, made.body["cluster_id"]]).toEqual([201, id]);
  });
});

describe("a cluster that is closed", () => {
  it.each(["maintenance", "inactive"])("in %s takes no new environments, and those it has go on", async (status) => {
    const { create: createEnvironment, cluster, person, path } = await newWorld();
    const { body } = await createEnvironment();
    await setPhase(body.id, "stopped", "stopped");
    const put = await send(`PUT /api/v1/clusters/${cluster.id}`, { json: { status } });
    expect(put.body).toMatchObject({ status, active: false });
    const refused = await createEnvironment<{ code: string; detail: string }>();
    expect([refused.status, refused.body.code]).toEqual([409, "cluster_closed"]);
    expect((await call(`POST ${path(body.id)}/start`, { token: person.token })).status).toBe(200);
    await send(`PUT /api/v1/clusters/${cluster.id}`, { json: { status: "active" } });
    expect((await createEnvironment()).status).toBe(201);
  });
});

describe("removing a cluster", () => {
  it("is refused while environments live there, and takes everything of it when none do", async () => {
    const { create: createEnvironment, cluster, person, path } = await newWorld();
    const { body } = await createEnvironment();
    const refused = await send(`DELETE /api/v1/clusters/${cluster.id}`);
    expect([refused.status, refused.body["code"], refused.body["detail"]]).toEqual([
      409,
      "in_use",
      "The cluster is in use by 1 environment",
    ]);
    await call(`DELETE ${path(body.id)}?force=true`, { token: person.token });
    // Its owner no longer sees it, and its bridge still has to take it down.
    expect((await send(`DELETE /api/v1/clusters/${cluster.id}`)).status).toBe(409);
    await setPhase(body.id, "terminated", "deleted");
    expect((await send(`DELETE /api/v1/clusters/${cluster.id}`)).status).toBe(200);
    expect((await send(`GET /api/v1/clusters/${cluster.id}`)).status).toBe(404);
    const bridge = await call("GET /api/v1/bridge/desired", { token: cluster.token });
    expect(bridge.status).toBe(401);
    expect((await send(`DELETE /api/v1/clusters/${cluster.id}`)).status).toBe(404);
    expect((await auditedAbout(cluster.id, 1)).map(({ action }) => action)).toContain("cluster.delete");
  });
});

describe("access to a cluster", () => {
  it("that is not shared is given and taken back person by person", async () => {
    const person = await newPerson();
    const cluster = await newCluster({ isShared: false });
    const path = `/api/v1/clusters/${cluster.id}`;
    const sees = async () => (await send(`GET ${path}`, { token: person.token })).status;
    expect([await sees(), (await send(`GET ${path}/users/${person.id}`)).body["granted"]]).toEqual([404, false]);

    for (const _ of [1, 2]) expect((await send(`PUT ${path}/users/${person.id}`, { json: {} })).status).toBe(200);
    expect([await sees(), (await send(`GET ${path}/users/${person.id}`)).body["granted"]]).toEqual([200, true]);
    const { body } = await send(`GET ${path}/users`);
    expect(body).toMatchObject({ users: [{ user_id: person.id, granted: true }], pagination: { total: 1 } });

    expect((await send(`DELETE ${path}/users/${person.id}`)).status).toBe(200);
    expect((await send(`DELETE ${path}/users/${person.id}`)).status).toBe(404);
    expect(await sees()).toBe(404);
    const actions = (await auditedAbout(cluster.id, 3)).map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(["cluster.grant", "cluster.revoke"]));
  });

  it("taken back leaves somebody the environments they have there", async () => {
    const { create: createEnvironment, cluster, person, path } = await newWorld();
    const { body } = await createEnvironment();
    await send(`PUT /api/v1/clusters/${cluster.id}`, { json: { is_shared: false } });
    expect((await createEnvironment()).status).toBe(404);
    expect((await call(`GET ${path(body.id)}`, { token: person.token })).status).toBe(200);
  });

  it("is for people there are", async () => {
    const { id } = await newCluster();
    const path = `/api/v1/clusters/${id}/users/usr_${"z".repeat(20)}`;
    for (const method of ["GET", "PUT", "DELETE"]) expect((await send(`${method} ${path}`)).status).toBe(404);
    const nowhere = `PUT /api/v1/clusters/nowhere/users/${admin.userId}`;
    expect((await send(nowhere)).body["detail"]).toBe("Cluster not found");
  });

  it("is an administrator's everywhere, to look", async () => {
    const { id } = await newCluster({ isShared: false });
    expect((await send(`GET /api/v1/clusters/${id}`)).status).toBe(200);
    const listed = async (query: string) =>
      ((await send(`GET /api/v1/clusters${query}`)).body["clusters"] as { id: string }[]).map((one) => one.id);
    expect(await listed("?scope=all")).toContain(id);
    expect(await listed("")).not.toContain(id);
  });
});

describe("regions", () => {
  it("are those of the clusters somebody may use", async () => {
    const region = `r-${uniqueWord()}`;
    const [open, closed] = [await newId({ region }), await newId({ region, is_shared: false })];
    const person = await newPerson();
    const here = async () => {
      const { body } = await send("GET /api/v1/clusters/regions", { token: person.token });
      const regions = body["regions"] as { region: string; clusters: { id: string }[] }[];
      return regions.find((one) => one.region === region)?.clusters.map(({ id }) => id);
    };
    expect(await here()).toEqual([open]);
    await send(`PUT /api/v1/clusters/${closed}/users/${person.id}`);
    expect((await here())?.sort()).toEqual([open, closed].sort());
  });
});

describe("compatibility", () => {
  const ask = async (template: string, token: string) =>
    (await send(`GET /api/v1/templates/${template}/compatibility`, { token })).body as {
      compatible: boolean;
      fits_plan: boolean;
      resources: object;
      reasons: { code: string }[];
      clusters: { id: string; compatible: boolean; reasons: { code: string }[] }[];
    };

  it("tells which clusters can take a template, and what stands in the way", async () => {
    const { template, cluster, person } = await newWorld();
    const here = async () =>
      (await ask(`SHOWN%20${template}`, person.token)).clusters.find(({ id }) => id === cluster.id);
    expect((await here())?.reasons.map(({ code }) => code)).toEqual(["bridge_missing"]);
    await db.execute(sql`update clusters set last_seen_at = now() where id = ${cluster.id}`);
    expect(await here()).toMatchObject({ compatible: true, reasons: [] });
    expect((await ask(template, person.token)).compatible).toBe(true);
    await db.execute(sql`update clusters set last_seen_at = now() - interval '1 hour', status = 'maintenance'
      where id = ${cluster.id}`);
    expect((await here())?.reasons.map(({ code }) => code)).toEqual(["cluster_closed", "bridge_silent"]);
  });

  it("tells what one would get under a smaller plan, and that a deprecated one is none", async () => {
    const { template, person } = await newWorld();
    await send(`PUT /api/v1/templates/${template}`, {
      json: { resources: { cpu: "4", memory: "1Gi", storage: "1Gi" } },
    });
    expect(await ask(template, person.token)).toMatchObject({ fits_plan: false, resources: { cpu: "2" } });
    await send(`DELETE /api/v1/templates/${template}`);
    const { compatible, reasons } = await ask(template, person.token);
    expect([compatible, reasons.map(({ code }) => code)]).toEqual([
      false,
      expect.arrayContaining(["template_deprecated"]),
    ]);
    expect((await send("GET /api/v1/templates/nothing/compatibility", { token: person.token })).status).toBe(404);
  });
});
