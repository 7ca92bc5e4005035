/** A template that works as root: from its file to the list that its environments' bridge pulls. */
import { describe, expect, it } from "vitest";
import { newAdmin } from "../administration/support.ts";
import { FakeBridge } from "../environments/fake-bridge.ts";
import { api, newWorld, uniqueWord } from "../environments/world.ts";
import { call } from "../support/api.ts";
import { validateAnswer } from "../support/document.ts";

const route = "POST /api/v1/templates";

describe("a template that needs root", () => {
  it("says so to everybody, and to the bridge of its environments; others do not", async () => {
    const [admin, world] = await Promise.all([newAdmin(), newWorld()]);
    const id = `t${uniqueWord()}`;
    const yaml = `id: ${id}
display_name: Shown ${id}
description: A template of a test
category: devops
docker_image: node:22
resources: { cpu: 500m, memory: 1Gi, storage: 10Gi }
needs_root: true
`;
    const made = await call(route, { token: admin.accessToken, raw: { body: yaml, type: "application/yaml" } });
    validateAnswer(route, made);
    expect(made.body).toMatchObject({ id, needs_root: true });
    const rooted = await world.create({ template: id });
    const usual = await world.create();
    const { body } = await new FakeBridge(world.cluster).pull();
    const needs = new Map(body.environments.map((environment) => [environment.id, environment.needs_root]));
    expect(needs).toEqual(
      new Map([
        [rooted.body.id, true],
        [usual.body.id, undefined],
      ]),
    );
    expect((await api<{ needs_root: boolean }>("GET", `/api/v1/templates/${world.template}`)).body.needs_root).toBe(
      false,
    );
  });

  it("is refused with anything but yes or no", async () => {
    const admin = await newAdmin();
    const json = { id: `t${uniqueWord()}`, needs_root: "sometimes" };
    const refused = await call(route, { token: admin.accessToken, json });
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).toContain("needs_root");
  });
});
