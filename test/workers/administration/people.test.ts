/** Administrators over people: found, changed, disabled and enabled, unlocked; never against themselves. */
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { call, newPerson, type Person, randomText, tokensIn } from "../support/api.ts";
import { auditedAbout, db, newAdmin } from "./support.ts";

let admin: Person;
beforeAll(async () => {
  admin = await newAdmin();
});

const list = (query: string, token = admin.accessToken) => call(`GET /api/v1/users?${query}`, { token });
const patch = (id: string, json: object, token = admin.accessToken) =>
  call(`PATCH /api/v1/users/${id}`, { token, json });
const me = (token: string) => call("GET /api/v1/auth/me", { token });
const names = (answer: { body: Record<string, unknown> }) =>
  (answer.body["users"] as { username: string }[]).map(({ username }) => username);

describe("the list of people", () => {
  it("finds by the beginning of a name or an address, in any case, and filters", async () => {
    const person = await newPerson();
    expect(names(await list(`search=${person.username.toUpperCase()}`))).toEqual([person.username]);
    expect(names(await list(`search=${person.email.slice(0, 12)}`))).toEqual([person.username]);
    expect(names(await list(`search=${person.username.slice(1)}`))).toEqual([]);
    expect(names(await list(`search=${person.username}&role=admin`))).toEqual([]);
    expect(names(await list(`search=${person.username}&plan=free&is_active=true&is_verified=true`))).toHaveLength(1);
    expect(names(await list(`search=${person.username}&is_active=false`))).toEqual([]);
    expect(names(await list("search=%25%25%25%25"))).toEqual([]);
  });

  it("is paged, newest first, and tells of each what administrators need and nothing secret", async () => {
    const older = await newPerson();
    const newer = await newPerson();
    const { body } = await list("limit=100");
    const found = names({ body });
    expect(found.indexOf(newer.username)).toBeLessThan(found.indexOf(older.username));
    const one = await list("limit=1");
    expect(one.body["pagination"]).toMatchObject({ limit: 1, offset: 0, has_more: true });
    expect(one.text).not.toMatch(/hash|scrypt/);
    expect((one.body["users"] as unknown[])[0]).toMatchObject({ environments_count: 0, locked_until: null });
  });

  it.each(["limit=101", "offset=-1", "role=root", "is_active=maybe"])("refuses %s", async (query) => {
    expect((await list(query)).status).toBe(400);
  });

  it("is not shown to people, and the refusal is counted", async () => {
    const person = await newPerson();
    for (const route of ["GET /api/v1/users", `GET /api/v1/users/${person.userId}`]) {
      const answer = await call(route, { token: person.accessToken });
      expect([answer.status, answer.body["code"]]).toEqual([403, "admin_required"]);
    }
    expect((await patch(person.userId, { role: "admin" }, person.accessToken)).status).toBe(403);
    expect((await me(person.accessToken)).body["role"]).toBe("user");
  });

  it("takes no `me` for an id", async () => {
    expect((await call("GET /api/v1/users/me", { token: admin.accessToken })).body["id"]).toBe(admin.userId);
    expect((await patch("me", { subscription_plan: "pro" })).status).toBe(404);
  });
});

describe("changing a person", () => {
  it("counts from their next request, is audited with both values, and notes when the plan changed", async () => {
    const person = await newPerson();
    const { body } = await patch(person.userId, { role: "admin", subscription_plan: "pro" });
    expect(body).toMatchObject({ id: person.userId, role: "admin", subscription_plan: "pro" });
    const seen = await me(person.accessToken);
    expect(seen.body).toMatchObject({ role: "admin", subscription_plan: "pro" });
    expect(seen.headers.get("x-ratelimit-limit")).toBe("1000");
    expect((await list("limit=1", person.accessToken)).status).toBe(200);
    const rows = await auditedAbout(person.userId, 2);
    expect(rows.map(({ actorId, action, detail }) => ({ actorId, action, detail }))).toEqual(
      expect.arrayContaining([
        { actorId: admin.userId, action: "account.change_role", detail: { from: "user", to: "admin" } },
        { actorId: admin.userId, action: "account.change_plan", detail: { from: "free", to: "pro" } },
      ]),
    );
    const [user] = (await db.execute(sql`select plan_changed_at from users where id = ${person.userId}`)).rows;
    expect(user?.["plan_changed_at"]).not.toBeNull();
  });

  it("changes nothing else, whatever the body holds", async () => {
    const person = await newPerson();
    const more = { is_verified: false, username: "x", email: "x@x.x", password: "x", id: "x", plan_changed_at: "x" };
    const { status, body } = await patch(person.userId, more);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: person.userId,
      username: person.username,
      email: person.email,
      is_verified: true,
    });
  });

  it("refuses roles and plans that are none, and people who are none", async () => {
    const person = await newPerson();
    expect((await patch(person.userId, { role: "root" })).status).toBe(400);
    const unknown = await patch(person.userId, { subscription_plan: "gold" });
    expect(unknown.status).toBe(400);
    expect(unknown.body["errors"]).toEqual([expect.objectContaining({ field: "subscription_plan" })]);
    expect((await patch("usr_00000000000000000000", { role: "user" })).status).toBe(404);
  });
});

describe("a disabled person", () => {
  it("is dead at once and lives again when enabled, with the same tokens", async () => {
    const person = await newPerson();
    expect((await patch(person.userId, { is_active: false })).body["is_active"]).toBe(false);
    expect((await me(person.accessToken)).status).toBe(401);
    const refresh = { refresh_token: person.refreshToken };
    expect((await call("POST /api/v1/auth/refresh", { json: refresh })).status).toBe(401);
    const { username, password } = person;
    const login = await call("POST /api/v1/auth/login", { json: { username, password } });
    expect([login.status, login.body["code"]]).toEqual([403, "forbidden"]);
    await patch(person.userId, { is_active: true });
    expect((await me(person.accessToken)).status).toBe(200);
    const again = await call("POST /api/v1/auth/refresh", { json: refresh });
    expect((await me(tokensIn(again).accessToken)).status).toBe(200);
    const rows = await auditedAbout(person.userId, 3);
    expect(rows.map(({ action, outcome }) => `${action} ${outcome}`).sort()).toEqual([
      "account.disable ok",
      "account.enable ok",
      "session.create failed",
    ]);
  });
});

describe("administrators themselves", () => {
  it("cannot take their own role or disable themselves, but may change their plan", async () => {
    const self = await newAdmin();
    for (const change of [{ role: "user" }, { is_active: false }]) {
      const answer = await patch(self.userId, change, self.accessToken);
      expect([answer.status, answer.body["code"]]).toEqual([403, "own_account"]);
    }
    expect((await patch(self.userId, { subscription_plan: "pro" }, self.accessToken)).status).toBe(200);
  });

  it("may leave, and then are nobody's administrator any more", async () => {
    const leaver = await newAdmin();
    expect((await call("DELETE /api/v1/users/me", { token: leaver.accessToken, json: {} })).status).toBe(200);
    expect((await me(leaver.accessToken)).status).toBe(401);
    const { rows } = await db.execute(sql`select role from users where id = ${leaver.userId}`);
    expect(rows).toEqual([{ role: "user" }]);
  });
});

describe("unlocking", () => {
  it("forgets the wrong passwords of the account and of its devices, and of nobody else", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    const deviceHash = randomText(10);
    const device = `${person.userId}/${deviceHash}`;
    await db.execute(sql`insert into known_devices values (${person.userId}, ${deviceHash}, now())`);
    for (const subject of [person.userId, device, other.userId]) {
      await db.execute(sql`insert into login_attempts values (${subject}, 5, now() + interval '15 minutes')`);
    }
    const before = await call(`GET /api/v1/users/${person.userId}`, { token: admin.accessToken });
    expect(Date.parse(String(before.body["locked_until"]))).toBeGreaterThan(Date.now());
    const { body } = await call(`POST /api/v1/users/${person.userId}/unlock`, { token: admin.accessToken });
    expect(body["locked_until"]).toBeNull();
    const { username, password } = person;
    expect((await call("POST /api/v1/auth/login", { json: { username, password } })).status).toBe(200);
    const left = await db.execute(
      sql`select subject from login_attempts where subject in (${device}, ${other.userId})`,
    );
    expect(left.rows).toEqual([{ subject: other.userId }]);
    expect((await auditedAbout(person.userId, 1)).map(({ action }) => action)).toContain("account.unlock");
    const nobody = "POST /api/v1/users/usr_00000000000000000000/unlock";
    expect((await call(nobody, { token: admin.accessToken })).status).toBe(404);
  });
});
