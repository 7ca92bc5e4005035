/**
 * Check 1: every route with somebody's id in it, tried by its owner, a stranger, a viewer, a driver, an administrator,
 * nobody, an expired token and a personal token without the scope: only the owner gets anywhere, guests where the table
 * of what they may says so, and a foreign id answers as a missing one.
 */
import { env } from "cloudflare:workers";
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../../workers/env.ts";
import { signToken } from "../../../workers/rules/tokens.ts";
import { api, db, newWorld, setPlan } from "../environments/world.ts";
import { call, newPerson, type Person, randomText } from "../support/api.ts";
import { routes } from "./routes.ts";

interface Owned {
  pattern: RegExp;
  /** A fresh thing of the owner's; answers its id. */
  make(): Promise<string>;
  missing: string;
}

let owner: { id: string; token: string; username: string };
let others: Record<string, string>;
let world: Awaited<ReturnType<typeof newWorld>>;
let stranger: Person;

const owned: Record<string, Owned> = {
  environment: {
    pattern: /^\w+ \/api\/v1\/environments\/:\w+(?!.*:)/,
    make: async () => (await world.create()).body.id,
    missing: `env_${"z".repeat(20)}`,
  },
  "environment's share": {
    pattern: /^\w+ \/api\/v1\/environments\/:\w+\/shares\/:\w+$/,
    make: async () => {
      const { id } = (await world.create()).body;
      const share = await newShareOf(id, "viewer");
      return `${id}/shares/${share["id"]}`;
    },
    missing: `env_${"z".repeat(20)}/shares/shr_${"z".repeat(20)}`,
  },
  "share's guest": {
    pattern: /^\w+ \/api\/v1\/environments\/:\w+\/shares\/:\w+\/guests\/:/,
    make: async () => {
      const { id } = (await world.create()).body;
      const share = await newShareOf(id, "viewer");
      const guest = await newPerson();
      const json = { secret: share["secret"] };
      await call("POST /api/v1/shares/accept", { token: guest.accessToken, json });
      return `${id}/shares/${share["id"]}/guests/${guest.userId}`;
    },
    missing: `env_${"z".repeat(20)}/shares/shr_${"z".repeat(20)}/guests/usr_${"z".repeat(20)}`,
  },
  "accepted share": {
    pattern: /^\w+ \/api\/v1\/shares\/:\w+/,
    make: async () => {
      const host = await newPerson();
      await setPlan(host.userId, "test-1000", { maxEnvironments: 1000 });
      const { body } = await api("POST", "/api/v1/environments", {
        token: host.accessToken,
        body: { name: randomText(8), template: world.template, cluster_id: world.cluster.id },
      });
      const json = { kind: "user", username: owner.username };
      const at = `POST /api/v1/environments/${body.id}/shares`;
      return String((await call(at, { token: host.accessToken, json })).body["id"]);
    },
    missing: `shr_${"z".repeat(20)}`,
  },
  session: {
    pattern: /^\w+ \/api\/v1\/auth\/sessions\/:\w+/,
    make: () => newSessionOf(owner.id),
    missing: `ses_${"z".repeat(20)}`,
  },
  "personal token": {
    pattern: /^\w+ \/api\/v1\/auth\/tokens\/:\w+/,
    make: async () => {
      const json = { name: randomText(8), scopes: ["account:read"] };
      return String((await call("POST /api/v1/auth/tokens", { token: owner.token, json })).body["id"]);
    },
    missing: `pat_${"z".repeat(20)}`,
  },
};

async function newShareOf(environmentId: string, role: string): Promise<Record<string, unknown>> {
  const route = `POST /api/v1/environments/${environmentId}/shares`;
  return (await call(route, { token: owner.token, json: { kind: "link", role } })).body;
}

async function newSessionOf(userId: string): Promise<string> {
  const id = `ses_${randomText(20)}`;
  await db.execute(sql`insert into sessions (id, user_id, refresh_jti_hash, refresh_issued_at, refresh_expires_at, absolute_expires_at)
    values (${id}, ${userId}, ${randomText(32)}, now(), now() + interval '1 day', now() + interval '1 day')`);
  return id;
}

beforeAll(async () => {
  world = await newWorld(1000);
  const [named] = (
    await db.execute<{ username: string }>(sql`select username from users where id = ${world.person.id}`)
  ).rows;
  owner = { ...world.person, username: String(named?.username) };
  stranger = await newPerson();
  const admin = await newPerson();
  await db.execute(sql`update users set role = 'admin' where id = ${admin.userId}`);
  const json = { name: "too little", scopes: ["account:read"] };
  const token = await call("POST /api/v1/auth/tokens", { token: owner.token, json });
  const claims = JSON.parse(atob(owner.token.split(".")[1] ?? ""));
  const past = new Date(Date.now() - 86_400_000);
  const expired = { userId: owner.id, sessionId: claims.sid, jti: randomText(24), issuedAt: past, expiresAt: past };
  others = {
    stranger: stranger.accessToken,
    administrator: admin.accessToken,
    "expired token": await signToken(readConfig(env).tokens, "access", expired),
    "token without the scope": String(token.body["token"]),
  };
});

const expected = { stranger: 404, administrator: 404, "expired token": 401, "token without the scope": 403 } as const;

/** What is the same for a missing and a foreign thing: all but the ids of the request and the path. */
function words(answer: { status: number; body: unknown }) {
  const { request_id, timestamp, path, instance, ...rest } = answer.body as Record<string, unknown>;
  return { status: answer.status, ...rest };
}

describe.each(Object.entries(owned))("somebody's %s", (_name, { pattern, make, missing }) => {
  const mine = routes.filter((route) => pattern.test(route));

  it("has routes", () => expect(mine.length).toBeGreaterThan(0));

  it.each(mine)("%s is its owner's alone", async (route) => {
    const [method = "", path = ""] = route.split(" ");
    const id = await make();
    const at = (which: string) => path.replace(/:[a-zA-Z_]+(\/shares\/:[a-zA-Z_]+(\/guests\/:[a-zA-Z_]+)?)?/, which);
    const options = /POST|PUT|PATCH/.test(method) ? { body: {} } : {};
    for (const [name, status] of Object.entries(expected)) {
      const answer = await api(method, at(id), { token: others[name], ...options });
      expect(answer.status, `${name}: ${JSON.stringify(answer.body)}`).toBe(status);
      if (status !== 404) continue;
      const none = await api(method, at(missing), { token: others[name], ...options });
      expect(words(answer), name).toEqual(words(none));
    }
    expect((await api(method, at(id), options)).status).toBe(401);
    const own = await api(method, at(id), { token: owner.token, ...options });
    expect([401, 403, 404], JSON.stringify(own.body)).not.toContain(own.status);
  });
});

/** What guests may of an environment: read it, read its logs (503: no bridge is there), open a socket. */
const forGuests: Record<string, readonly number[]> = {
  "GET /api/v1/environments/:id": [200],
  "GET /api/v1/environments/:id/logs": [503],
};

describe.each(["viewer", "driver"])("a %s", (role) => {
  const onEnvironments = routes.filter((route) => /^\w+ \/api\/v1\/environments\/:\w+/.test(route));

  it.each(onEnvironments)("gets nowhere they may not: %s", async (route) => {
    const { id } = (await world.create()).body;
    const share = await newShareOf(id, role);
    const guest = await newPerson();
    const token = guest.accessToken;
    const accepted = await call("POST /api/v1/shares/accept", { token, json: { secret: share["secret"] } });
    expect(accepted.status).toBe(200);
    const [method = "", pattern = ""] = route.split(" ");
    const path = pattern.replace(/:[a-zA-Z]+/, id).replace(/:[a-zA-Z_]+/, String(share["id"]));
    const answer = await api(method, path, { token, ...(/POST|PUT|PATCH/.test(method) ? { body: {} } : {}) });
    expect(forGuests[route.replace(/:\w+/, ":id")] ?? [404], JSON.stringify(answer.body)).toContain(answer.status);
  });
});
