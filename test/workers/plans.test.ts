/** Plans as rows: anybody reads them, administrators change them, and everybody sees what they have left. */
import { env } from "cloudflare:workers";
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { connectObjects } from "../../workers/clients/objects.ts";
import { readOwnLimits } from "../../workers/domain/plans.ts";
import { db, setPlan, uniqueWord } from "./environments/world.ts";
import { call, newPerson } from "./support/api.ts";
import { newDeps } from "./support/deps.ts";

const whole = { environments: 3, cpu: "2", memory: "4Gi", storage: "20Gi", requests_per_minute: 300 };

async function newAdministrator() {
  const person = await newPerson();
  await db.execute(sql`update users set role = 'admin' where id = ${person.userId}`);
  return person;
}

describe("the plans", () => {
  it("are there for anybody, in the words of the price list", async () => {
    const answer = await call("GET /api/v1/plans");
    expect(answer.status).toBe(200);
    const plans = answer.body["plans"] as { id: string }[];
    expect(plans.find(({ id }) => id === "free")).toEqual({
      id: "free",
      environments: 1,
      cpu: "1",
      memory: "2Gi",
      storage: "10Gi",
      idle_minutes: 15,
      running_hours: 60,
      unattended_hours: 2,
      requests_per_minute: 100,
      updated_at: expect.any(String),
    });
    expect(plans.find(({ id }) => id === "enterprise")).toMatchObject({
      environments: 100,
      memory: "16Gi",
      idle_minutes: null,
      running_hours: null,
      unattended_hours: null,
    });
    const order = plans.map(({ id }) => id).filter((id) => /^(free|starter|pro|enterprise)$/.test(id));
    expect(order).toEqual(["free", "starter", "pro", "enterprise"]);
  });

  it("are changed by the first alone of several who saw the same", async () => {
    const plan = `plan-${uniqueWord()}`;
    const { accessToken: token, userId } = await newAdministrator();
    await setPlan(userId, plan);
    const { headers } = await call(`GET /api/v1/plans/${plan}`);
    const changes = Array.from({ length: 5 }, (_, n) =>
      call(`PUT /api/v1/plans/${plan}`, {
        token,
        json: { ...whole, environments: 10 + n },
        headers: { "if-match": headers.get("etag") ?? "" },
      }),
    );
    const answers = await Promise.all(changes);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412]);
    const [changed] = answers.filter(({ status }) => status === 200);
    expect((await call(`GET /api/v1/plans/${plan}`)).headers.get("etag")).toBe(changed?.headers.get("etag"));
    expect((await call("GET /api/v1/plans/no-such")).status).toBe(404);
  });

  it("are changed by administrators only, and their people feel it at once", async () => {
    const plan = `plan-${uniqueWord()}`;
    const [administrator, person] = [await newAdministrator(), await newPerson()];
    await setPlan(person.userId, plan, { idleSeconds: 900, runningSeconds: 3600 });
    const refused = await call(`PUT /api/v1/plans/${plan}`, { token: person.accessToken, json: whole });
    expect([refused.status, refused.body["code"]]).toEqual([403, "admin_required"]);
    const json = { ...whole, idle_minutes: 30, running_hours: 1.5, unattended_hours: null };
    const changed = await call(`PUT /api/v1/plans/${plan}`, { token: administrator.accessToken, json });
    expect([changed.status, changed.body]).toEqual([200, { ...json, id: plan, updated_at: expect.any(String) }]);
    const limits = await call("GET /api/v1/users/me/limits", { token: person.accessToken });
    expect(limits.body["allowed"]).toMatchObject(json);
    expect(limits.headers.get("x-ratelimit-limit")).toBe("300");
    const { rows } = await db.execute(sql`select actor_id, detail from audit_events
      where action = 'plan.update' and target_id = ${plan}`);
    expect(rows).toMatchObject([{ actor_id: administrator.userId, detail: { idleSeconds: 1800 } }]);
  });

  it.each([
    [{ environments: 0 }, "environments"],
    [{ environments: undefined }, "environments"],
    [{ cpu: "1m" }, "cpu"],
    [{ cpu: "much" }, "cpu"],
    [{ memory: "1" }, "memory"],
    [{ storage: "9999999Ti" }, "storage"],
    [{ idle_minutes: 1 }, "idle_minutes"],
    [{ running_hours: -1 }, "running_hours"],
    [{ unattended_hours: "long" }, "unattended_hours"],
    [{ requests_per_minute: 0 }, "requests_per_minute"],
    [{ requests_per_minute: 1.5 }, "requests_per_minute"],
  ])("are not changed by %j", async (part, field) => {
    const { accessToken: token } = await newAdministrator();
    const answer = await call("PUT /api/v1/plans/free", { token, json: { ...whole, ...part } });
    expect([answer.status, answer.body["code"]]).toEqual([400, "invalid_input"]);
    expect((answer.body["errors"] as { field: string }[]).map((error) => error.field)).toEqual([field]);
  });

  it("that do not exist cannot be changed", async () => {
    const { accessToken: token } = await newAdministrator();
    const answer = await call("PUT /api/v1/plans/gold", { token, json: whole });
    expect([answer.status, answer.body["detail"]]).toEqual([404, "Plan not found"]);
  });
});

describe("one's own limits", () => {
  it("tell what is allowed, what is used, and when the hours begin anew", async () => {
    const { userId, accessToken: token } = await newPerson();
    await db.execute(sql`insert into usage_months values
      (${userId}, date_trunc('month', now() at time zone 'UTC')::date, 5400)`);
    const { status, body } = await call("GET /api/v1/users/me/limits", { token });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      plan: "free",
      allowed: {
        environments: 1,
        cpu: "1",
        running_hours: 60,
        idle_minutes: 15,
        requests_per_minute: 100,
        sockets: 10,
      },
      used: { environments: 0, running_hours: 1.5, sockets: 0 },
    });
    const resetsAt = new Date(String(body["resets_at"]));
    expect(resetsAt.getTime()).toBeGreaterThan(Date.now());
    expect(resetsAt.toISOString()).toMatch(/-01T00:00:00.000Z$/);
  });

  it("are told also when nobody can say how many sockets are open", async () => {
    const { userId } = await newPerson();
    const objects = connectObjects(env);
    const user = (id: string) => ({ ...objects.user(id), openSockets: () => Promise.reject(new Error("away")) });
    const limits = await readOwnLimits(newDeps({ objects: { ...objects, user }, log: () => {} }), { userId });
    expect([limits.use.plan, limits.sockets]).toEqual(["free", null]);
  });
});
