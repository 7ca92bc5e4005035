/** ETags as clients use them: reads that were answered before cost no data, and nobody overwrites what they have not seen. */
import { sql } from "drizzle-orm";
import { describe, expect, it, vi } from "vitest";
import { api, db, newTemplate, newWorld, type Problem, setPhase } from "../environments/world.ts";
import { call, newPerson, origin } from "../support/api.ts";
import { validateAnswer } from "../support/document.ts";

const etagOf = ({ headers }: { headers: Headers }) => headers.get("etag") ?? "";

async function newEnvironment() {
  const world = await newWorld();
  const { body } = await world.create();
  const path = world.path(body.id);
  const { token } = world.person;
  const get = (headers: Record<string, string> = {}) => api("GET", path, { token, headers });
  const put = (changes: object, headers: Record<string, string> = {}) =>
    api("PUT", path, { token, headers, body: changes });
  return { ...world, id: body.id, get, put };
}

describe("a read", () => {
  it("of what the client has is 304 without a body, with its ETag, its limit and its id", async () => {
    const { get } = await newEnvironment();
    const first = await get();
    expect(etagOf(first)).toMatch(/^"[\w-]{22}\.[\w-]{22}"$/);
    expect(first.headers.get("cache-control")).toBe("private, no-cache");
    const again = await get({ "if-none-match": etagOf(first) });
    expect([again.status, again.body]).toEqual([304, null]);
    for (const name of ["etag", "cache-control", "x-request-id", "x-ratelimit-limit", "strict-transport-security"])
      expect(again.headers.get(name), name).toBeTruthy();
    expect(again.headers.get("content-type")).toBeNull();
    validateAnswer("GET /api/v1/environments/x", again);
  });

  it("takes one tag of many, a weak one as a proxy makes it, and `*`", async () => {
    const { get } = await newEnvironment();
    const tag = etagOf(await get());
    for (const sent of [`"other", ${tag}`, `W/${tag}`, "*"]) {
      expect((await get({ "if-none-match": sent })).status, sent).toBe(304);
    }
    expect((await get({ "if-none-match": '"other"' })).status).toBe(200);
  });

  it("keeps its tag although somebody looked, and gets another one when something happened", async () => {
    const { get, id } = await newEnvironment();
    const tag = etagOf(await get());
    await db.execute(sql`update environments set last_accessed_at = now() + interval '1 hour' where id = ${id}`);
    expect((await get({ "if-none-match": tag })).status).toBe(304);
    await setPhase(id, "stopped", "stopped");
    expect((await get({ "if-none-match": tag })).status).toBe(200);
  });

  it.each([
    "/api/v1/environments",
    "/api/v1/environments/",
    "/api/v1/auth/me",
    "/api/v1/users/me/stats",
    "/api/v1/clusters",
  ])("of %s costs nothing the second time", async (path) => {
    const { accessToken: token } = await newPerson();
    // Clusters are everybody's: a test beside this one may change them between the two.
    await vi.waitFor(async () => {
      const first = await call(`GET ${path}`, { token });
      const again = await call(`GET ${path}`, { token, headers: { "if-none-match": etagOf(first) } });
      expect([first.status, again.status, again.text]).toEqual([200, 304, ""]);
    }, 10_000);
  });

  it("that only fetches headers answers the same", async () => {
    const { accessToken: token } = await newPerson();
    const tag = etagOf(await call("GET /api/v1/auth/me", { token }));
    expect(etagOf(await call("HEAD /api/v1/auth/me", { token }))).toBe(tag);
    expect((await call("HEAD /api/v1/auth/me", { token, headers: { "if-none-match": tag } })).status).toBe(304);
  });

  it("of the catalog may be kept by anybody for a minute", async () => {
    const id = await newTemplate();
    const first = await call(`GET /api/v1/templates/${id}`);
    expect(first.headers.get("cache-control")).toBe("public, max-age=60");
    const again = await call(`GET /api/v1/templates/${id}`, { headers: { "if-none-match": etagOf(first) } });
    expect([again.status, again.headers.get("cache-control")]).toEqual([304, "public, max-age=60"]);
  });

  it("that fails, holds tokens or is another one at every moment is not kept", async () => {
    const { username, password } = await newPerson();
    const login = await call("POST /api/v1/auth/login", { json: { username, password } });
    for (const answer of [login, await call("GET /api/v1/templates/no-such"), await call("GET /api/v1/health")])
      expect([etagOf(answer), answer.headers.get("cache-control")]).toEqual(["", "no-store"]);
  });
});

describe("a change", () => {
  it("of what the client has seen goes through and answers the next tag", async () => {
    const { get, put } = await newEnvironment();
    const changed = await put({ name: "first" }, { "if-match": etagOf(await get()) });
    expect(changed.status).toBe(200);
    expect(etagOf(changed)).toBe(etagOf(await get()));
    expect(changed.headers.get("cache-control")).toBe("no-store");
  });

  it("of what was changed meanwhile is 412 and changes nothing", async () => {
    const { get, put } = await newEnvironment();
    const seen = etagOf(await get());
    await put({ description: "somebody was faster" });
    const late = await put({ name: "too-late" }, { "if-match": seen });
    expect([late.status, (late.body as unknown as Problem).code]).toEqual([412, "precondition_failed"]);
    validateAnswer("PUT /api/v1/environments/x", late);
    expect((await get()).body.name).not.toBe("too-late");
  });

  it("is not refused because the environment was at work or looked at meanwhile", async () => {
    const { get, put, id } = await newEnvironment();
    const seen = etagOf(await get());
    await setPhase(id, "running", "running");
    await db.execute(sql`update environments set cpu_usage = 71, last_activity_at = now() where id = ${id}`);
    expect((await put({ name: "busy" }, { "if-match": seen })).status).toBe(200);
  });

  it("of anything at all is what `*` asks for", async () => {
    const { put } = await newEnvironment();
    expect((await put({ name: "any" }, { "if-match": "*" })).status).toBe(200);
    expect((await put({ name: "none" }, { "if-match": '"nothing-we-gave"' })).status).toBe(412);
  });

  it("wins alone against nine others who saw the same", async () => {
    const { get, put } = await newEnvironment();
    const seen = etagOf(await get());
    const tries = await Promise.all(
      Array.from({ length: 10 }, (_, n) => put({ description: `by ${n}` }, { "if-match": seen })),
    );
    expect(tries.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 9 }, () => 412)]);
  });

  it("loses no other field when none of several expects anything", async () => {
    const { get, put } = await newEnvironment();
    await Promise.all([put({ description: "kept" }), put({ resources: { cpu: "1" } }), put({ name: "kept-too" })]);
    expect((await get()).body).toMatchObject({ description: "kept", resources: { cpu: "1" }, name: "kept-too" });
  });

  it("of one's account wins alone too, under every path it is read by", async () => {
    const { accessToken: token } = await newPerson();
    const tags = await Promise.all(
      ["users/me", "auth/me", "auth/profile"].map(async (path) => etagOf(await call(`GET /api/v1/${path}`, { token }))),
    );
    expect(new Set(tags).size).toBe(1);
    const headers = { "if-match": tags[0] ?? "" };
    const tries = await Promise.all(
      Array.from({ length: 5 }, (_, n) =>
        call("PUT /api/v1/users/me", { token, headers, json: { full_name: `Name ${n}` } }),
      ),
    );
    expect(tries.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412]);
  });
});

it("lets pages of allowed origins send and read what this needs", async () => {
  const headers = { origin, "access-control-request-method": "PUT", "access-control-request-headers": "if-match" };
  const preflight = await call("OPTIONS /api/v1/users/me", { headers });
  const allowed = preflight.headers.get("access-control-allow-headers")?.toLowerCase();
  for (const name of ["if-match", "if-none-match", "idempotency-key"]) expect(allowed).toContain(name);
  const read = await call("GET /health", { headers: { origin } });
  for (const name of ["ETag", "Idempotency-Replayed"])
    expect(read.headers.get("access-control-expose-headers")).toContain(name);
});
