/** What people do to their accounts is written down, and never with what they typed. */
import { env } from "cloudflare:workers";
import { asc, eq, or, sql } from "drizzle-orm";
import { describe, expect, it, vi } from "vitest";
import { readConfig } from "../../../workers/env.ts";
import { connectDatabase } from "../../../workers/store/database.ts";
import { auditEvents } from "../../../workers/store/schema/audit.ts";
import { call, newAddress, newPerson, randomText, tokensIn } from "../support/api.ts";

const db = connectDatabase(readConfig(env).database);

/** The rows about somebody, oldest first, once there are this many: they are written after the answers. */
function rowsAbout(userId: string, count: number) {
  return vi.waitUntil(async () => {
    const rows = await db
      .select()
      .from(auditEvents)
      .where(or(eq(auditEvents.actorId, userId), eq(auditEvents.targetId, userId)))
      .orderBy(asc(auditEvents.at), asc(auditEvents.id));
    return rows.length >= count ? rows : undefined;
  }, 10_000);
}

const password = "Str0ngEnough!";

describe("the audit log of an account", () => {
  it("tells its whole life by actor, target, outcome, address and request", async () => {
    const address = newAddress();
    const username = `a${randomText(12)}`;
    const names = { username, email: `${username}@example.com` };
    const registered = await call("POST /api/v1/auth/register", { json: { ...names, password }, address });
    const userId = String(registered.body["id"]);
    const wrong = { username_or_email: username, password: "Wr0ngPassword" };
    expect((await call("POST /api/v1/auth/login", { json: wrong, address })).status).toBe(401);
    const right = { ...wrong, password };
    const { accessToken: token } = tokensIn(await call("POST /api/v1/auth/login", { json: right, address }));
    await call("PUT /api/v1/users/me", { token, json: { full_name: "Ada" }, address });
    const passwords = { current_password: "Wr0ngPassword", new_password: "An0therPassword" };
    await call("POST /api/v1/users/me/change-password", { token, json: passwords, address });
    const now = { ...passwords, current_password: password };
    const changed = await call("POST /api/v1/users/me/change-password", { token, json: now, address });
    await call("DELETE /api/v1/users/me", { token, json: { password: "An0therPassword" }, address });
    const rows = await rowsAbout(userId, 7);
    expect(rows.map((row) => `${row.actorKind} ${row.action} ${row.outcome}`).sort()).toEqual([
      "anonymous session.create failed",
      "user account.change ok",
      "user account.delete ok",
      "user account.register ok",
      "user password.change failed",
      "user password.change ok",
      "user session.create ok",
    ]);
    expect(new Set(rows.map((row) => row.address))).toEqual(new Set([address]));
    expect(rows.map((row) => row.requestId)).toContain(changed.headers.get("x-request-id"));
    expect(rows.find((row) => row.action === "account.change")?.detail).toEqual({ fields: ["fullName"] });
    expect(JSON.stringify(rows)).not.toMatch(/Str0ng|Wr0ng|An0ther|eyJ/);
  });

  it("holds no name that somebody typed: it may have been a password", async () => {
    const typed = `MyPassw0rd${randomText(8)}`;
    const answer = await call("POST /api/v1/auth/login", { json: { username_or_email: typed, password } });
    const requestId = answer.headers.get("x-request-id") ?? "";
    const row = await vi.waitUntil(async () => {
      const [found] = await db.select().from(auditEvents).where(eq(auditEvents.requestId, requestId));
      return found;
    }, 10_000);
    expect(row).toMatchObject({ action: "session.create", outcome: "failed", actorId: null, targetId: null });
    expect(JSON.stringify(row)).not.toContain(typed);
  });

  it("tells who signed out, of one session and of all", async () => {
    const [one, all] = [await newPerson(), await newPerson()];
    await call("POST /api/v1/auth/logout", { token: one.accessToken });
    await call("POST /api/v1/auth/logout-all", { token: all.accessToken });
    expect((await rowsAbout(one.userId, 1)).map((row) => row.action)).toEqual(["session.end"]);
    expect((await rowsAbout(all.userId, 1)).map((row) => row.action)).toEqual(["session.end_all"]);
  });
});

describe("the audit table", () => {
  it("refuses to be changed, shortened or emptied", async () => {
    await call("POST /api/v1/auth/logout", { token: (await newPerson()).accessToken });
    await vi.waitUntil(async () => (await db.select().from(auditEvents).limit(1)).length > 0, 10_000);
    const refused = expect.objectContaining({
      cause: expect.objectContaining({ message: "audit_events is append-only" }),
    });
    await expect(db.execute(sql`update audit_events set outcome = 'ok'`)).rejects.toEqual(refused);
    await expect(db.execute(sql`delete from audit_events`)).rejects.toEqual(refused);
    await expect(db.execute(sql`truncate audit_events`)).rejects.toEqual(refused);
  });
});
