/**
 * Check 24: after people registered, signed in, refreshed, failed, reset a password, made tokens, tickets, environments and
 * bridges, nothing that opens anything lies in Postgres or Redis as it is.
 */
import { env } from "cloudflare:workers";
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { connectRedis } from "../../../workers/clients/redis.ts";
import { readConfig } from "../../../workers/env.ts";
import { api, db, newApi, newWorld } from "../environments/world.ts";
import { call, newAddress, randomText } from "../support/api.ts";
import { everythingInRedis } from "../support/redis-contents.ts";

const redis = connectRedis(readConfig(env).redis);
const variableValue = `variable-${randomText(20)}`;
/** What must be nowhere, by what it is. */
const secrets: Record<string, string> = {};

beforeAll(async () => {
  const username = `r${randomText(10)}`;
  const email = `${username}@example.com`;
  const password = `Aa1-${randomText(20)}`;
  const address = newAddress();
  const registered = await call("POST /api/v1/auth/register", { json: { username, email, password }, address });
  const wrongPassword = `Wrong1-${randomText(20)}`;
  await call("POST /api/v1/auth/login", { json: { username, password: wrongPassword }, address });
  /** People type their password where the name belongs. */
  const mistyped = `Typed1-${randomText(20)}`;
  await call("POST /api/v1/auth/login", { json: { username: mistyped, password: mistyped }, address });
  const signedIn = await call("POST /api/v1/auth/login", { json: { username, password }, address });
  const { access_token, refresh_token } = signedIn.body;
  const refreshed = await call("POST /api/v1/auth/refresh", { json: { refresh_token } });
  const token = String(refreshed.body["access_token"]);
  const json = { name: "at rest", scopes: ["environments:read"] };
  const headers = { "idempotency-key": `key-${randomText(20)}` };
  const personal = await call("POST /api/v1/auth/tokens", { token, json, headers });
  await call("POST /api/v1/auth/forgot-password", { json: { email }, address: newAddress() });
  const nextPassword = `Next1-${randomText(20)}`;
  const passwords = { current_password: password, new_password: nextPassword };
  const changed = await call("POST /api/v1/auth/change-password", { token, json: passwords });
  expect(changed.status).toBe(200);

  const world = await newWorld();
  const environment = await world.create({ environment_variables: { SECRET: variableValue } });
  await api("PUT", world.path(environment.body.id), {
    token: world.person.token,
    body: { environment_variables: { OTHER: variableValue } },
  });
  const ticket = await newApi()<{ ticket: string }>("POST", "/api/v1/ws/tickets", {
    token: world.person.token,
    body: { environment_id: environment.body.id, kind: "terminal" },
  });
  Object.assign(secrets, {
    password,
    "wrong password": wrongPassword,
    "mistyped password": mistyped,
    "next password": nextPassword,
    "first access token": access_token,
    "access token": token,
    "refresh token": refresh_token,
    "next refresh token": refreshed.body["refresh_token"],
    "registered access token": registered.body["access_token"],
    "personal token": personal.body["token"],
    "idempotency key": headers["idempotency-key"],
    ticket: ticket.body.ticket,
    "bridge token": world.cluster.token,
    variable: variableValue,
  });
});

/** Every row of every table, as text. */
async function everythingInPostgres(): Promise<string> {
  const { rows } = await db.execute(
    sql`select quote_ident(tablename) as name from pg_tables where schemaname = 'public'`,
  );
  const texts: string[] = [];
  for (const { name } of rows as { name: string }[]) {
    const found = await db.execute(
      sql`select coalesce(string_agg(t::text, e'\n'), '') as text from ${sql.raw(name)} t`,
    );
    texts.push(String(found.rows[0]?.["text"]));
  }
  return texts.join("\n");
}

describe("what lies at rest", () => {
  it("was all made", () => {
    for (const [name, secret] of Object.entries(secrets)) expect(secret?.length, name).toBeGreaterThan(16);
    expect(Object.keys(secrets).length).toBeGreaterThan(10);
  });

  it("holds no secret in Postgres", async () => {
    const text = await everythingInPostgres();
    expect(text).toContain("at rest");
    for (const [name, secret] of Object.entries(secrets)) expect(text.includes(secret), name).toBe(false);
  });

  it("holds no secret in Redis", async () => {
    const text = await everythingInRedis(redis);
    expect(text.length).toBeGreaterThan(100);
    for (const [name, secret] of Object.entries(secrets)) expect(text.includes(secret), name).toBe(false);
  });

  it("opens a variable for its owner and the bridge alone", async () => {
    const world = await newWorld();
    const { id } = (await world.create({ environment_variables: { SECRET: variableValue } })).body;
    const own = await api("GET", world.path(id), { token: world.person.token });
    expect(own.body.environment_variables).toMatchObject({ SECRET: variableValue });
    const desired = await api<object>("GET", "/api/v1/bridge/desired", { token: world.cluster.token });
    expect(JSON.stringify(desired.body)).toContain(variableValue);
    const other = await newWorld();
    const foreign = await api<object>("GET", "/api/v1/bridge/desired", { token: other.cluster.token });
    expect(JSON.stringify(foreign.body)).not.toContain(variableValue);
  });
});
