/** Check 21: the same `Idempotency-Key`, however often and at once, has one effect; another body under it is refused. */
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { keepTurn, sweepRequests, takeTurn } from "../../../workers/domain/idempotency.ts";
import { api, db, newCluster, newPerson, newWorld, type Problem, setPhase, uniqueWord } from "../environments/world.ts";
import { call, newAddress, tokensIn } from "../support/api.ts";
import { newClock, newDeps } from "../support/deps.ts";
import { validateAnswer } from "../support/document.ts";

const under = (key: string) => ({ "idempotency-key": key });
const registration = () => {
  const username = `i${uniqueWord()}`;
  return { username, email: `${username}@example.com`, password: "SecurePass123!" };
};

describe("twenty requests at once under one key", () => {
  it("make one environment, and all tell the same of it", async () => {
    const { person, template, cluster } = await newWorld(50);
    const asked = { token: person.token, body: { name: uniqueWord(), template, cluster_id: cluster.id } };
    const headers = under(uniqueWord());
    const twenty = Array.from({ length: 20 }, () => api("POST", "/api/v1/environments", { ...asked, headers }));
    const answers = await Promise.all(twenty);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get("idempotency-replayed") === "true")).toHaveLength(19);
    for (const answer of answers) validateAnswer("POST /api/v1/environments", answer);
    const { body } = await api<{ pagination: { total: number } }>("GET", "/api/v1/environments", {
      token: person.token,
    });
    expect(body.pagination.total).toBe(1);
  });

  it("make one account, and tell everybody who knows its password the same tokens", async () => {
    const json = registration();
    const headers = under(uniqueWord());
    const twenty = Array.from({ length: 20 }, () => call("POST /api/v1/auth/register", { json, headers }));
    const answers = await Promise.all(twenty);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map((answer) => tokensIn(answer).refreshToken)).size).toBe(1);
  });
});

describe("a key", () => {
  it("that was used for another body is refused, and the answer tells nothing of the first", async () => {
    const headers = under(uniqueWord());
    const first = await call("POST /api/v1/auth/register", { json: registration(), headers });
    expect(first.status).toBe(201);
    const guess = await call("POST /api/v1/auth/register", { json: registration(), headers, address: newAddress() });
    expect([guess.status, guess.body["code"]]).toEqual([422, "idempotency_key_reused"]);
    expect(guess.text).not.toContain('token"');
    validateAnswer("POST /api/v1/auth/register", guess);
  });

  it("belongs to its person and its route", async () => {
    const { person, template, cluster } = await newWorld();
    const other = await newPerson();
    const headers = under(uniqueWord());
    const body = { name: uniqueWord(), template, cluster_id: cluster.id };
    const mine = await api("POST", "/api/v1/environments", { token: person.token, body, headers });
    const theirs = await api("POST", "/api/v1/environments", { token: other.token, body, headers });
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(theirs.body.id).not.toBe(mine.body.id);
    expect((await call("POST /api/v1/auth/register", { json: registration(), headers })).status).toBe(201);
  });

  it.each(["", "x".repeat(256), "a\tb"])("must be printable and not too long: %j", async (key) => {
    const answer = await call("POST /api/v1/auth/register", { json: registration(), headers: under(key) });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: "invalid_input", errors: [{ field: "Idempotency-Key" }] });
  });

  it("is free again after a failure, which had no effect", async () => {
    const { person, template, cluster, create } = await newWorld(1);
    const held = await create();
    const headers = under(uniqueWord());
    const asked = { token: person.token, headers, body: { name: uniqueWord(), template, cluster_id: cluster.id } };
    const refused = await api<Problem>("POST", "/api/v1/environments", asked);
    expect([refused.status, refused.body.code]).toEqual([403, "quota_exceeded"]);
    await setPhase(held.body.id, "terminated", "deleted");
    await db.execute(sql`update environments set deleted_at = now() where id = ${held.body.id}`);
    expect((await api("POST", "/api/v1/environments", asked)).status).toBe(201);
  });

  it("is free again after a 503", async () => {
    const { person, template } = await newWorld();
    const cluster = await newCluster({ maxEnvironments: 0 });
    const headers = under(uniqueWord());
    const asked = { token: person.token, headers, body: { name: uniqueWord(), template, cluster_id: cluster.id } };
    expect((await api("POST", "/api/v1/environments", asked)).status).toBe(503);
    await db.execute(sql`update clusters set max_environments = 1 where id = ${cluster.id}`);
    expect((await api("POST", "/api/v1/environments", asked)).status).toBe(201);
  });
});

describe("what is kept", () => {
  const request = () => ({ userId: null, route: "POST /x", key: uniqueWord(), body: '{"password":"SecurePass123!"}' });
  const answer = { status: 201, contentType: "application/json", body: '{"access_token":"eyJsecret"}' };

  it("shows neither body, key nor answer to who has the rows", async () => {
    const asked = request();
    const deps = newDeps();
    const turn = await takeTurn(deps, asked);
    if (turn.kind !== "first") throw new Error("somebody was there before");
    await keepTurn(deps, turn.claim, answer);
    const { rows } = await db.execute(sql`select * from idempotent_requests where key_hash = ${turn.claim.keyHash}`);
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toMatch(new RegExp(`eyJsecret|SecurePass|${asked.key}`));
    expect(await takeTurn(deps, asked)).toEqual({ kind: "repeated", answer });
  });

  it("is forgotten after a day, by the sweep and by whoever comes again", async () => {
    const asked = request();
    const clock = newClock();
    const deps = newDeps({ now: clock.now });
    const turn = await takeTurn(deps, asked);
    if (turn.kind !== "first") throw new Error("somebody was there before");
    await keepTurn(deps, turn.claim, answer);
    clock.advanceSeconds(86_401);
    expect((await takeTurn(deps, asked)).kind).toBe("first");
    clock.advanceSeconds(86_401);
    await sweepRequests(deps);
    const { rows } = await db.execute(sql`select 1 from idempotent_requests where key_hash = ${turn.claim.keyHash}`);
    expect(rows).toEqual([]);
  });

  it("does not keep a key busy for good when its first request died", async () => {
    const asked = request();
    const clock = newClock();
    const deps = newDeps({ now: clock.now });
    expect((await takeTurn(deps, asked)).kind).toBe("first");
    clock.advanceSeconds(61);
    expect((await takeTurn(deps, asked)).kind).toBe("first");
  });
});
