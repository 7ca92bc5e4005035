/**
 * Check 3: fields that nobody may set for themselves, in the body of every route that takes one: ignored or refused, the
 * rows stay what they were.
 */
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { db, newWorld } from "../environments/world.ts";
import { call, newAddress, randomText } from "../support/api.ts";
import { filled, routes } from "./routes.ts";

/** Both spellings, since the dialect knows both. */
const forbidden = {
  role: "admin",
  subscription_plan: "enterprise",
  subscriptionPlan: "enterprise",
  plan: "enterprise",
  plan_id: "enterprise",
  is_verified: false,
  isVerified: false,
  is_active: false,
  user_id: `usr_${"z".repeat(20)}`,
  userId: `usr_${"z".repeat(20)}`,
  owner_id: `usr_${"z".repeat(20)}`,
  status: "running",
  phase: "running",
  desired: "deleted",
  generation: 999,
  deleted_at: "2020-01-01T00:00:00Z",
  password_hash: "x",
  created_at: "2020-01-01T00:00:00Z",
  __proto__: { role: "admin" },
};
/** These end what the others are tried with. */
const ending = /logout|\/tokens|\/sessions/;
const taking = routes.filter(
  (route) => /^(POST|PUT|PATCH) \/api\/v1\//.test(route) && !/\/(bridge|ws)\//.test(route) && !ending.test(route),
);

async function rowsOf(userId: string, environmentId: string): Promise<unknown> {
  const { rows } =
    await db.execute(sql`select u.role, u.plan_id, u.is_verified, u.is_active, u.created_at, u.deleted_at,
    u.password_hash, e.user_id, e.cluster_id, e.deleted_at as environment_deleted_at, e.created_at as environment_created_at
    from users u join environments e on e.id = ${environmentId} where u.id = ${userId}`);
  return rows[0];
}

describe.each(taking)("%s", (route) => {
  it("sets nothing that is not its caller's to set", async () => {
    const world = await newWorld(1000);
    const { id } = (await world.create()).body;
    const before = await rowsOf(world.person.id, id);
    await call(filled(route, id), { token: world.person.token, json: forbidden });
    expect(await rowsOf(world.person.id, id)).toEqual(before);
  });
});

it("registers a plain, free account whatever is asked for", async () => {
  const username = `m${randomText(10)}`;
  const names = { username, email: `${username}@example.com`, password: "SecurePass123!" };
  const json = { ...forbidden, ...names };
  const { status, body } = await call("POST /api/v1/auth/register", { json, address: newAddress() });
  expect(status).toBe(201);
  expect(body).toMatchObject({ role: "user", subscription_plan: "free", is_active: true, is_verified: true });
});

it("creates an environment of its caller's in a cluster they may use", async () => {
  const world = await newWorld();
  const { status, body } = await world.create({ ...forbidden, name: randomText(8) });
  expect(status).toBe(201);
  const { rows } = await db.execute(sql`select user_id, phase, generation from environments where id = ${body.id}`);
  expect(rows[0]).toMatchObject({ user_id: world.person.id, generation: 1 });
  const foreign = await newWorld();
  await db.execute(sql`update clusters set is_shared = false where id = ${foreign.cluster.id}`);
  expect((await world.create({ cluster_id: foreign.cluster.id })).status).toBe(404);
});
