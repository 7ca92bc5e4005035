/**
 * Check 24: after everything that knows a secret was done once, no secret stands in Postgres, Redis or the log: every
 * table is read whole and every key, and searched. (What is held for a bridge's pod is the bridge's business.)
 */
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { newAdmin } from "../administration/support.ts";
import { db, newWorld } from "../environments/world.ts";
import { call, newAddress, randomText, tokensIn } from "../support/api.ts";
import { newDeps } from "../support/deps.ts";
import { everythingInRedis } from "../support/redis-contents.ts";

const secrets: Record<string, string> = {};
const lines: string[] = [];
let userId: string;

/** Tokens are also searched for by their middle: an end of one may be cut off. */
const piecesOf = (secret: string) => (secret.length > 60 ? [secret.slice(20, 60), secret.slice(-40)] : [secret]);

beforeAll(async () => {
  const printed = (["log", "warn", "error"] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation((...words) => lines.push(words.join(" "))),
  );
  await scenario();
  for (const spy of printed) spy.mockRestore();
}, 60_000);

async function scenario(): Promise<void> {
  const username = `r${randomText(12)}`;
  const names = { username, email: `${username}@example.com` };
  secrets["the first password"] = `First-${randomText(16)}-1`;
  secrets["the second password"] = `Second-${randomText(16)}-2`;
  secrets["a wrong password"] = `Wrong-${randomText(16)}-3`;
  secrets["a password typed as the name"] = `Named-${randomText(16)}-4`;
  secrets["a variable"] = `variable-${randomText(24)}`;
  secrets["a changed variable"] = `changed-${randomText(24)}`;
  secrets["an idempotency key"] = `key-${randomText(24)}`;
  const address = newAddress();
  const ask = (route: string, json: object, token?: string, headers: Record<string, string> = {}) =>
    call(route, { json, token, address, headers });
  const registered = await ask("POST /api/v1/auth/register", { ...names, password: secrets["the first password"] });
  userId = String(registered.body["id"]);
  await ask("POST /api/v1/auth/login", { username, password: secrets["a wrong password"] });
  await ask("POST /api/v1/auth/login", {
    username: secrets["a password typed as the name"],
    password: secrets["a wrong password"],
  });
  const first = tokensIn(await ask("POST /api/v1/auth/login", { username, password: secrets["the first password"] }));
  const { body: refreshed } = await ask("POST /api/v1/auth/refresh", { refresh_token: first.refreshToken });
  const token = String(refreshed["access_token"]);
  Object.assign(secrets, {
    "an access token": token,
    "a refresh token": first.refreshToken,
    "its successor": String(refreshed["refresh_token"]),
  });
  await ask(
    "POST /api/v1/auth/change-password",
    {
      current_password: secrets["the first password"],
      new_password: secrets["the second password"],
    },
    token,
  );
  const scopes = ["environments:read", "terminal"];
  const made = await ask("POST /api/v1/auth/tokens", { name: "script", scopes }, token, {
    "idempotency-key": secrets["an idempotency key"],
  });
  secrets["a personal token"] = String(made.body["token"]);
  await call("GET /api/v1/environments", { token: secrets["a personal token"] });
  const { template, cluster } = await newWorld();
  await db.execute(sql`update users set is_verified = true, plan_id = 'pro' where id = ${userId}`);
  const created = await ask(
    "POST /api/v1/environments",
    {
      name: "secretive",
      template,
      cluster_id: cluster.id,
      environment_variables: { API_KEY: secrets["a variable"] },
    },
    token,
    { "idempotency-key": `second-${secrets["an idempotency key"]}` },
  );
  expect(created.status, created.text).toBe(201);
  const id = String(created.body["id"]);
  await ask(
    `PUT /api/v1/environments/${id}`,
    { environment_variables: { API_KEY: secrets["a changed variable"] } },
    token,
  );
  const ticket = await ask("POST /api/v1/ws/tickets", { environment_id: id, kind: "terminal" }, token);
  secrets["a ticket"] = String(ticket.body["ticket"]);
  secrets["a bridge's token"] = cluster.token;
  await call("GET /api/v1/bridge/desired", { token: cluster.token });
  const admin = await newAdmin();
  await call(`PATCH /api/v1/users/${userId}`, { token: admin.accessToken, json: { subscription_plan: "starter" } });
  await call("GET /api/v1/audit/export", { token: admin.accessToken });
  secrets["an administrator's token"] = admin.accessToken;
}

/** Every row of every table, as text. */
async function postgres(): Promise<Record<string, string>> {
  const { rows } = await db.execute(sql`select table_name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE'`);
  const names = rows.map((row) => String(row["table_name"]));
  const texts = await Promise.all(
    names.map(async (name) => {
      const all = sql`select coalesce(string_agg(t::text, e'\n'), '') as text from ${sql.identifier(name)} t`;
      return [name, String((await db.execute(all)).rows[0]?.["text"])] as const;
    }),
  );
  return Object.fromEntries(texts);
}

function found(text: string): string[] {
  return Object.entries(secrets).flatMap(([name, secret]) =>
    piecesOf(secret).some((piece) => text.includes(piece)) ? [name] : [],
  );
}

describe("after a full scenario", () => {
  it("knows its secrets, so that not finding them means something", () => {
    for (const [name, secret] of Object.entries(secrets)) expect(secret.length, name).toBeGreaterThan(15);
    expect(found(`x${secrets["a personal token"]}y`)).toEqual(["a personal token"]);
  });

  it("no table of Postgres holds one", async () => {
    const tables = await postgres();
    expect(Object.keys(tables)).toEqual(expect.arrayContaining(["users", "sessions", "audit_events", "environments"]));
    for (const [name, text] of Object.entries(tables)) expect(found(text), name).toEqual([]);
  });

  it("the audit log tells of all of it, without one", async () => {
    const actions = await vi.waitUntil(async () => {
      const { rows } = await db.execute(sql`select distinct action from audit_events
        where actor_id = ${userId} or target_id = ${userId} order by 1`);
      return rows.length >= 7 ? rows.map((row) => row["action"]) : undefined;
    }, 10_000);
    expect(actions).toEqual(
      expect.arrayContaining([
        "account.change_plan",
        "account.register",
        "environment.create",
        "environment.update",
        "password.change",
        "session.create",
        "token.create",
      ]),
    );
  });

  it("no key of Redis holds one", async () => {
    // The outbox of development is where mails are meant to be read.
    const text = await everythingInRedis(newDeps().redis, (key) => key === "dev:outbox");
    expect(text.length).toBeGreaterThan(10);
    expect(found(text)).toEqual([]);
  });

  it("no line of the log holds one", () => {
    expect(lines.length).toBeGreaterThan(10);
    expect(found(lines.join("\n"))).toEqual([]);
  });
});
