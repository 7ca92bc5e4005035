/**
 * Check 3: what nobody may set by himself is not set by any body, whatever else is right about it: tried on every
 * operation that takes one, with the document's own example and everything a person would like to be.
 */
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { db, newWorld } from "../environments/world.ts";
import { call, newPerson, randomText } from "../support/api.ts";
import { resolved, theDocument } from "../support/document.ts";

const wishes = {
  id: "usr_00000000000000000000",
  role: "admin",
  subscription_plan: "enterprise",
  plan_id: "enterprise",
  is_verified: true,
  is_active: true,
  isVerified: true,
  user_id: "usr_00000000000000000000",
  owner: { id: "usr_00000000000000000000" },
  status: "running",
  phase: "running",
  desired: "running",
  generation: 99,
  cluster_id: "another",
  docker_image: "evil:latest",
  installation_completed: true,
  scopes: ["admin"],
};

const operations = Object.entries(theDocument().paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, operation]) => {
    const content = operation.requestBody?.content?.["application/json"];
    if (content === undefined) return [];
    const example = content.example ?? (content.schema && resolved(theDocument(), content.schema).example) ?? {};
    return [{ route: `${method.toUpperCase()} ${path}`, example: example as Record<string, unknown> }];
  }),
);

let environmentId: string;
let owner: { id: string; token: string };

beforeAll(async () => {
  const world = await newWorld();
  owner = world.person;
  environmentId = (await world.create()).body.id;
});

const personFacts = async (id: string) => {
  const query = sql`select role, plan_id, is_verified from users where id = ${id}`;
  return (await db.execute(query)).rows[0];
};
const environmentFacts = async () => {
  const query = sql`select id, user_id, cluster_id, docker_image, desired, generation, phase, installation_completed
    from environments where id = ${environmentId}`;
  return (await db.execute(query)).rows[0];
};

describe.each(operations)("$route", ({ route, example }) => {
  it("makes nobody more than they are", async () => {
    const person = await newPerson();
    await db.execute(sql`update users set is_verified = false where id = ${person.userId}`);
    const request = route.replaceAll(/\{\w+\}/g, person.userId);
    await call(request, { token: person.accessToken, json: { ...wishes, ...example } });
    await call(request, { token: person.accessToken, json: { ...example, ...wishes } });
    expect(await personFacts(person.userId)).toEqual({ role: "user", plan_id: "free", is_verified: false });
  });
});

it("a registration makes an ordinary person, whatever it asks for", async () => {
  const username = `m${randomText(12)}`;
  const json = { ...wishes, username, email: `${username}@example.com`, password: "SecurePass123!" };
  const { status, body } = await call("POST /api/v1/auth/register", { json });
  expect([status, body["role"], body["subscription_plan"]]).toEqual([201, "user", "free"]);
  expect(body["id"]).not.toBe(wishes.id);
});

it("a change of an environment changes neither its owner nor its place, image or state", async () => {
  const before = await environmentFacts();
  const { cluster_id: _, ...rest } = wishes;
  for (const json of [
    { ...wishes, name: "renamed" },
    { ...rest, description: "told" },
  ]) {
    const answer = await call(`PUT /api/v1/environments/${environmentId}`, { token: owner.token, json });
    expect(answer.status, answer.text).toBe(200);
  }
  expect(await environmentFacts()).toEqual(before);
});

it("a new environment belongs to whoever asks, in a phase and with an image it cannot choose", async () => {
  const world = await newWorld();
  const { body } = await world.create({ ...wishes, id: `env_${"9".repeat(20)}`, cluster_id: world.cluster.id });
  expect(body).toMatchObject({ phase: "creating", docker_image: "node:22", installation_completed: false });
  expect(body.id).not.toBe(`env_${"9".repeat(20)}`);
  const rows = await db.execute(sql`select user_id, generation from environments where id = ${body.id}`);
  expect(rows.rows).toEqual([{ user_id: world.person.id, generation: 1 }]);
});
