/**
 * Check 2: what only administrators may do is refused to everybody else, whatever they show: a person, a personal token
 * with every scope but that one, an administrator's token without it, a former administrator, a bridge. Each refusal is counted in the audit log.
 */
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { scopes } from "../../../workers/rules/principal.ts";
import { db, newCluster } from "../environments/world.ts";
import { call, newPerson, type Person, randomText } from "../support/api.ts";
import { bodyFor, filled, routes } from "./routes.ts";

/** What the contract names as an administrator's; the routes themselves are read from the router. */
const administrative = [
  /^\w+ \/api\/v1\/users(\/:\w+.*)?$/,
  /^\w+ \/api\/v1\/audit/,
  /^PUT \/api\/v1\/plans/,
  /^(POST \/api\/v1\/templates(\/initialize)?|(PUT|DELETE) \/api\/v1\/templates\/:\w+)$/,
  /^(POST \/api\/v1\/clusters|(PUT|DELETE) \/api\/v1\/clusters\/:\w+)$/,
  /^\w+ \/api\/v1\/clusters\/:\w+\/(users|tokens)/,
];
const guarded = routes.filter((route) => administrative.some((pattern) => pattern.test(route)));

let person: Person;
let shown: Record<string, { token: string; status: number }>;

async function personalToken(token: string, allowed: readonly string[]): Promise<string> {
  const json = { name: randomText(8), scopes: allowed };
  return String((await call("POST /api/v1/auth/tokens", { token, json })).body["token"]);
}

async function newAdministrator(): Promise<Person> {
  const admin = await newPerson();
  await db.execute(sql`update users set role = 'admin' where id = ${admin.userId}`);
  return admin;
}

beforeAll(async () => {
  person = await newPerson();
  const [admin, former] = await Promise.all([newAdministrator(), newAdministrator()]);
  const withoutAdmin = scopes.filter((scope) => scope !== "admin");
  shown = {
    "a person": { token: person.accessToken, status: 403 },
    "a person's token": { token: await personalToken(person.accessToken, withoutAdmin), status: 403 },
    "an administrator's token without the scope": {
      token: await personalToken(admin.accessToken, withoutAdmin),
      status: 403,
    },
    "a former administrator's token with it": { token: await personalToken(former.accessToken, scopes), status: 403 },
    "a former administrator": { token: former.accessToken, status: 403 },
    "a bridge": { token: (await newCluster()).token, status: 401 },
  };
  await db.execute(sql`update users set role = 'user' where id = ${former.userId}`);
});

it("finds the routes that the contract names", () => {
  expect(guarded.length).toBeGreaterThan(8);
});

describe.each(guarded)("%s", (route) => {
  it("is refused to all but administrators", async () => {
    for (const [name, { token, status }] of Object.entries(shown)) {
      const answer = await call(filled(route), { token, ...bodyFor(route) });
      expect(answer.status, `${name}: ${answer.text}`).toBe(status);
    }
  });

  it("counts the refusal for its actor, route and minute", async () => {
    await call(filled(route), { token: person.accessToken, ...bodyFor(route) });
    await vi.waitFor(async () => {
      const { rows } = await db.execute(sql`select sum(count)::int as count from audit_denials
        where actor = ${person.userId} and route = ${route} and code = 'admin_required'`);
      expect(rows[0]?.["count"]).toBeGreaterThan(0);
    }, 10_000);
  });
});

it("refuses ?scope=all to all but administrators", async () => {
  for (const path of ["environments", "environments/"]) {
    const answer = await call(`GET /api/v1/${path}?scope=all`, { token: person.accessToken });
    expect(answer.status, path).toBe(403);
  }
});
