/** Changing an environment's settings. */
import { describe, expect, it } from "vitest";
import type { EnvironmentBody } from "../../../workers/routes/environments/shapes.ts";
import { FakeBridge } from "./fake-bridge.ts";
import { api, newWorld, type Problem, setPhase } from "./world.ts";

async function newEnvironment(more: object = {}) {
  const world = await newWorld();
  const { body } = await world.create(more);
  const put = <Body = EnvironmentBody>(changes: unknown) =>
    api<Body>("PUT", world.path(body.id), { token: world.person.token, body: changes });
  return { ...world, environment: body, put };
}

describe("an update", () => {
  it("changes name and description at once", async () => {
    const { put, environment } = await newEnvironment();
    const changed = await put({ name: "  renamed  ", description: "for later" });
    expect(changed.body).toMatchObject({
      id: environment.id,
      name: "renamed",
      description: "for later",
      pending_restart: false,
    });
  });

  it("sets and removes variables, and tells that the next start takes them up", async () => {
    const { put, cluster } = await newEnvironment({ environment_variables: { A: "1", B: "2" } });
    const changed = await put({ environment_variables: { A: null, C: "3" } });
    expect(changed.body).toMatchObject({
      environment_variables: { FROM_TEMPLATE: "yes", B: "2", C: "3" },
      pending_restart: true,
    });
    const [desired] = (await new FakeBridge(cluster).pull()).body.environments;
    expect(desired?.environment_variables).toEqual({ FROM_TEMPLATE: "yes", B: "2", C: "3" });
  });

  it("that changes no variable asks for no restart", async () => {
    const { put } = await newEnvironment({ environment_variables: { A: "1" } });
    expect((await put({ environment_variables: { A: "1", Z: null } })).body.pending_restart).toBe(false);
  });

  it("of a stopped environment waits for nothing", async () => {
    const { put, environment } = await newEnvironment();
    await setPhase(environment.id, "stopped", "stopped");
    expect((await put({ resources: { cpu: "1" } })).body).toMatchObject({
      pending_restart: false,
      resources: { cpu: "1" },
    });
  });

  it("is taken up by a restart", async () => {
    const { put, person, path, environment } = await newEnvironment();
    await setPhase(environment.id, "running", "running");
    expect((await put({ resources: { memory: "2Gi" } })).body.pending_restart).toBe(true);
    await api("POST", path(environment.id, "/restart"), { token: person.token });
    expect((await api("GET", path(environment.id), { token: person.token })).body.pending_restart).toBe(false);
  });

  it("grows the revision that the bridge compares", async () => {
    const { put, cluster } = await newEnvironment();
    const bridge = new FakeBridge(cluster);
    const before = Number((await bridge.pull()).body.revision);
    await put({ name: "other" });
    expect(Number((await bridge.pull()).body.revision)).toBeGreaterThan(before);
  });

  it("refuses what the plan does not allow and what would shrink storage", async () => {
    const { put } = await newEnvironment();
    expect(await put<Problem>({ resources: { cpu: "3" } })).toMatchObject({
      status: 403,
      body: { code: "quota_exceeded" },
    });
    expect(await put<Problem>({ resource_limits: { storage: "1Gi" } })).toMatchObject({
      status: 400,
      body: { code: "invalid_input" },
    });
  });

  it("refuses a name in use and bad variables", async () => {
    const { put, create } = await newEnvironment();
    const other = await create();
    expect((await put({ name: other.body.name })).status).toBe(409);
    const refused = await put<Problem>({ environment_variables: { "9": "x" } });
    expect(refused.body.errors).toMatchObject([{ field: "environment_variables.9", code: "bad_name" }]);
  });

  it("loses nothing when several come at once", async () => {
    const { put, person, path, environment } = await newEnvironment();
    const changes = await Promise.all([1, 2, 3].map((n) => put({ environment_variables: { [`V${n}`]: "x" } })));
    expect(changes.map((change) => change.status)).toEqual([200, 200, 200]);
    const { body } = await api("GET", path(environment.id), { token: person.token });
    expect(Object.keys(body.environment_variables).sort()).toEqual(["FROM_TEMPLATE", "V1", "V2", "V3"]);
  });

  it("with malformed JSON or the wrong types is 400", async () => {
    const { put } = await newEnvironment();
    expect((await put("{not json")).status).toBe(400);
    expect((await put({ name: 5 })).status).toBe(400);
    expect((await put([])).status).toBe(400);
  });
});
