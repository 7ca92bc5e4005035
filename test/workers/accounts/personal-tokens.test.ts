/** /api/v1/auth/tokens: tokens for programs, what they open, and how they end. */
import { sql } from "drizzle-orm";
import { describe, expect, it, vi } from "vitest";
import { maxLiveTokens } from "../../../workers/domain/accounts/personal-tokens.ts";
import { authenticateToken } from "../../../workers/domain/accounts/sessions.ts";
import { sweepAccounts } from "../../../workers/domain/accounts/sweep.ts";
import { failureIn } from "../../../workers/rules/failures.ts";
import { type Scope, scopes } from "../../../workers/rules/principal.ts";
import { hashOf } from "../../../workers/rules/tokens.ts";
import { call, newPerson, type Person } from "../support/api.ts";
import { readAudit } from "../support/audit.ts";
import { newClock, newDeps } from "../support/deps.ts";

const create = (person: Person, json: object) => call("POST /api/v1/auth/tokens", { token: person.accessToken, json });

async function newToken(person: Person, asked: Scope[], more: object = {}) {
  const { status, body, text } = await create(person, { name: "script", scopes: asked, ...more });
  expect(status, text).toBe(201);
  return { id: String(body["id"]), token: String(body["token"]) };
}

async function listed(person: Person): Promise<Record<string, unknown>[]> {
  const { body } = await call("GET /api/v1/auth/tokens", { token: person.accessToken });
  return body["tokens"] as Record<string, unknown>[];
}

const me = (token: string) => call("GET /api/v1/auth/me", { token });
const daysFromNow = (time: unknown) => (new Date(String(time)).getTime() - Date.now()) / 86_400_000;

describe("a personal token", () => {
  it("is shown once, and only its hash is kept", async () => {
    const person = await newPerson();
    const { status, body } = await create(person, {
      name: " deploy script ",
      scopes: ["account:read", "account:read"],
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ name: "deploy script", scopes: ["account:read"], last_used: null });
    expect(body["token"]).toMatch(/^dp_pat_[A-Za-z0-9_-]{43}$/);
    expect(daysFromNow(body["expires_at"])).toBeCloseTo(90, 1);
    const { token, ...rest } = body;
    expect(await listed(person)).toEqual([rest]);
    const { rows } = await newDeps().db.execute(sql`select * from personal_tokens where id = ${body["id"]}`);
    expect(rows[0]?.["token_hash"]).toBe(hashOf(String(token)));
    expect(JSON.stringify(rows)).not.toContain(token);
    await vi.waitFor(
      async () =>
        expect(await readAudit(String(body["id"]))).toEqual([
          expect.objectContaining({ action: "token.create", actorId: person.userId, actorKind: "user" }),
        ]),
      10_000,
    );
  });

  it.each([
    ["no name", { scopes: ["terminal"] }],
    ["a long name", { name: "x".repeat(51), scopes: ["terminal"] }],
    ["no scope", { name: "x", scopes: [] }],
    ["an unknown scope", { name: "x", scopes: ["everything"] }],
    ["no day", { name: "x", scopes: ["terminal"], expires_in_days: 0 }],
    ["more than a year", { name: "x", scopes: ["terminal"], expires_in_days: 367 }],
    ["part of a day", { name: "x", scopes: ["terminal"], expires_in_days: 1.5 }],
  ])("with %s is refused", async (_, json) => {
    expect((await create(await newPerson(), json)).status).toBe(400);
  });

  it("with null days lives the usual 90, never for ever", async () => {
    const { body } = await create(await newPerson(), { name: "x", scopes: ["terminal"], expires_in_days: null });
    expect(daysFromNow(body["expires_at"])).toBeCloseTo(90, 1);
  });

  it("ends at its time", async () => {
    const person = await newPerson();
    const { token } = await newToken(person, ["account:read"], { expires_in_days: 1 });
    const clock = newClock();
    clock.advanceSeconds(86_399);
    expect((await authenticateToken(newDeps({ now: clock.now }), token)).scopes).toEqual(["account:read"]);
    clock.advanceSeconds(60);
    const refused = await authenticateToken(newDeps({ now: clock.now }), token).catch(failureIn);
    expect(refused).toEqual({ kind: "unauthenticated", reason: "expired" });
  });

  it("ends when it is revoked, which is written down", async () => {
    const person = await newPerson();
    const { id, token } = await newToken(person, ["account:read"]);
    expect((await me(token)).status).toBe(200);
    const revoke = () => call(`DELETE /api/v1/auth/tokens/${id}`, { token: person.accessToken });
    expect((await revoke()).status).toBe(200);
    expect((await me(token)).body["code"]).toBe("unauthenticated");
    expect((await revoke()).status).toBe(404);
    expect(await listed(person)).toEqual([]);
    await vi.waitFor(
      async () =>
        expect((await readAudit(id)).map(({ action }) => action).sort()).toEqual(["token.create", "token.revoke"]),
      10_000,
    );
  });

  it("of somebody else is not there", async () => {
    const [person, stranger] = [await newPerson(), await newPerson()];
    const { id, token } = await newToken(stranger, ["account:read"]);
    const [foreign, missing] = await Promise.all(
      [id, `pat_${"z".repeat(20)}`].map((one) =>
        call(`DELETE /api/v1/auth/tokens/${one}`, { token: person.accessToken }),
      ),
    );
    expect([foreign?.status, foreign?.body["detail"]]).toEqual([404, "Token not found"]);
    expect([missing?.status, missing?.body["detail"]]).toEqual([404, "Token not found"]);
    expect((await me(token)).status).toBe(200);
  });

  it("ends when the password changes", async () => {
    const person = await newPerson();
    const { token } = await newToken(person, ["account:read"]);
    const json = { current_password: person.password, new_password: "Another1Pass" };
    await call("POST /api/v1/auth/change-password", { token: person.accessToken, json });
    expect((await me(token)).status).toBe(401);
    expect((await me(person.accessToken)).status).toBe(200);
  });

  it("ends with its account", async () => {
    const person = await newPerson();
    const { token } = await newToken(person, ["account:read"]);
    await call("DELETE /api/v1/users/me", { token: person.accessToken, json: { password: person.password } });
    expect((await me(token)).status).toBe(401);
  });

  it("rests while its account is disabled", async () => {
    const person = await newPerson();
    const { token } = await newToken(person, ["account:read"]);
    const { db } = newDeps();
    await db.execute(sql`update users set is_active = false where id = ${person.userId}`);
    expect((await me(token)).status).toBe(401);
    await db.execute(sql`update users set is_active = true where id = ${person.userId}`);
    expect((await me(token)).status).toBe(200);
  });

  it("is one of 50 that live, however many are asked for at once", async () => {
    const person = await newPerson();
    const [first] = [await newToken(person, ["terminal"])];
    const asked = Array.from({ length: maxLiveTokens + 4 }, () => create(person, { name: "x", scopes: ["terminal"] }));
    const answers = await Promise.all(asked);
    const refused = answers.filter(({ status }) => status === 403);
    expect(refused).toHaveLength(5);
    expect(refused[0]?.body).toMatchObject({ code: "limit_reached", detail: expect.stringContaining("limit of 50") });
    expect(await listed(person)).toHaveLength(maxLiveTokens);
    await call(`DELETE /api/v1/auth/tokens/${first?.id}`, { token: person.accessToken });
    expect((await create(person, { name: "x", scopes: ["terminal"] })).status).toBe(201);
  });

  it("is noted as used at most every five minutes", async () => {
    const person = await newPerson();
    const { token } = await newToken(person, ["account:read"]);
    const clock = newClock();
    const deps = newDeps({ now: clock.now });
    await authenticateToken(deps, token);
    await deps.settled();
    const [used] = await listed(person);
    expect(used?.["last_used"]).toBe(clock.now().toISOString());
    clock.advanceSeconds(299);
    const soon = newDeps({ now: clock.now, waitUntil: () => expect.unreachable("it was noted just now") });
    await authenticateToken(soon, token);
  });

  it("costs one round trip to the database", async () => {
    const { token } = await newToken(await newPerson(), ["account:read"]);
    const { db } = newDeps();
    let selects = 0;
    const counted = new Proxy(db, {
      get: (target, name) => {
        if (name === "select") selects += 1;
        return Reflect.get(target, name);
      },
    });
    const deps = newDeps({ db: counted });
    await authenticateToken(deps, token);
    expect(selects).toBe(1);
  });

  it("is forgotten a month after it ended", async () => {
    const person = await newPerson();
    const { id } = await newToken(person, ["terminal"]);
    await call(`DELETE /api/v1/auth/tokens/${id}`, { token: person.accessToken });
    const { db } = newDeps();
    const kept = async () => (await db.execute(sql`select id from personal_tokens where id = ${id}`)).rows;
    const age = (days: number) =>
      db.execute(sql`update personal_tokens set revoked_at = now() - make_interval(days => ${days}) where id = ${id}`);
    await age(29);
    await sweepAccounts(newDeps());
    expect(await kept()).toHaveLength(1);
    await age(31);
    await sweepAccounts(newDeps());
    expect(await kept()).toEqual([]);
  });
});

describe("a scope", () => {
  const environment = `/api/v1/environments/env_${"z".repeat(20)}`;
  it.each([
    ["account:read", "GET /api/v1/auth/me", 200],
    ["account:read", "GET /api/v1/users/me/stats", 200],
    ["account:read", "GET /api/v1/clusters", 200],
    ["account:write", "PUT /api/v1/users/me", 200],
    ["environments:read", "GET /api/v1/environments", 200],
    ["environments:read", `GET ${environment}`, 404],
    ["environments:write", `POST ${environment}/start`, 404],
    ["environments:write", `DELETE ${environment}`, 404],
  ] as const)("%s opens %s, and nothing else does", async (scope, route, status) => {
    const person = await newPerson();
    const rest = scopes.filter((other) => other !== scope && other !== "admin");
    const [right, wrong] = [await newToken(person, [scope]), await newToken(person, rest)];
    const options = /^(POST|PUT)/.test(route) ? { json: {} } : {};
    expect((await call(route, { ...options, token: right.token })).status).toBe(status);
    const refused = await call(route, { ...options, token: wrong.token });
    expect([refused.status, refused.body["code"]]).toEqual([403, "insufficient_scope"]);
    expect(refused.headers.get("www-authenticate")).toContain(`scope="${scope}"`);
  });

  it.each([
    "POST /api/v1/auth/change-password",
    "POST /api/v1/auth/logout",
    "POST /api/v1/auth/logout-all",
    "GET /api/v1/auth/sessions",
    "DELETE /api/v1/auth/sessions",
    `DELETE /api/v1/auth/sessions/ses_${"z".repeat(20)}`,
    "POST /api/v1/auth/tokens",
    "GET /api/v1/auth/tokens",
    `DELETE /api/v1/auth/tokens/pat_${"z".repeat(20)}`,
    "DELETE /api/v1/users/me",
  ])("never opens %s", async (route) => {
    const { token } = await newToken(
      await newPerson(),
      scopes.filter((scope) => scope !== "admin"),
    );
    const { status, body } = await call(route, { token, ...(route.startsWith("POST") ? { json: {} } : {}) });
    expect([status, body["code"]]).toEqual([403, "insufficient_scope"]);
  });

  it("admin is for administrators, and worth nothing once they are none", async () => {
    const person = await newPerson();
    const refused = await create(person, { name: "x", scopes: ["admin"] });
    expect([refused.status, refused.body["code"]]).toEqual([403, "admin_required"]);
    const { db } = newDeps();
    const users = (token: string) => call("GET /api/v1/users", { token });
    await db.execute(sql`update users set role = 'admin' where id = ${person.userId}`);
    const { token } = await newToken(person, ["admin"]);
    const other = await newToken(
      person,
      scopes.filter((scope) => scope !== "admin"),
    );
    expect((await users(token)).status).toBe(200);
    expect((await users(other.token)).body["code"]).toBe("insufficient_scope");
    await db.execute(sql`update users set role = 'user' where id = ${person.userId}`);
    expect((await users(token)).body["code"]).toBe("admin_required");
  });
});

describe("a text that is no token of ours", () => {
  it.each(["dp_pat_", `dp_pat_${"a".repeat(43)}`, `dp_pat_${"a".repeat(42)}`, `DP_PAT_${"a".repeat(43)}`])(
    "%s is refused like any other",
    async (token) => {
      const { status, body, headers } = await me(token);
      expect([status, body["code"], headers.get("www-authenticate")]).toEqual([401, "unauthenticated", "Bearer"]);
    },
  );
});
