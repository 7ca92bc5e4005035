/** Reading environments: lists in both shapes, one in full, and what a read makes of a passed deadline. */
import { sql } from "drizzle-orm";
import { describe, expect, inject, it, vi } from "vitest";
import type { EnvironmentBody } from "../../../workers/routes/environments/shapes.ts";
import { api, db, newPerson, newWorld, type Problem, setPhase } from "./world.ts";

interface List {
  environments: EnvironmentBody[];
  pagination: { total: number; limit: number; offset: number; has_more: boolean };
}
const collection = "/api/v1/environments";

describe("the list", () => {
  it("is an object without and a bare array with a trailing slash, newest first", async () => {
    const { create, person } = await newWorld();
    const [first, second] = [await create(), await create()];
    const object = await api<List>("GET", collection, { token: person.token });
    const bare = await api<EnvironmentBody[]>("GET", `${collection}/`, { token: person.token });
    expect(object.body.environments.map((one) => one.id)).toEqual([second.body.id, first.body.id]);
    expect(object.body.pagination).toEqual({ total: 2, limit: 20, offset: 0, has_more: false });
    expect(bare.body).toEqual(object.body.environments);
  });

  it("has in every entry what the published app requires, never null", async () => {
    const { create, person } = await newWorld();
    await create();
    const { body } = await api<EnvironmentBody[]>("GET", `${collection}/`, { token: person.token });
    const required = [
      "id",
      "name",
      "template_id",
      "status",
      "resource_limits",
      "environment_variables",
      "created_at",
      "updated_at",
    ];
    for (const key of required) expect(body[0]).toHaveProperty(key, expect.anything());
  });

  it("pages, and tells whether more follow", async () => {
    const { create, person } = await newWorld();
    const made = [await create(), await create(), await create()].map((created) => created.body.id);
    const page = await api<List>("GET", `${collection}?limit=1&offset=1`, { token: person.token });
    expect(page.body.environments.map((one) => one.id)).toEqual([made[1]]);
    expect(page.body.pagination).toEqual({ total: 3, limit: 1, offset: 1, has_more: true });
    const beyond = await api<List>("GET", `${collection}?offset=50`, { token: person.token });
    expect(beyond.body.pagination).toMatchObject({ total: 3, has_more: false });
  });

  it("filters by status and by phase, judging deadlines as of now", async () => {
    const { create, person } = await newWorld();
    const [installing, stopped, overdue] = [await create(), await create(), await create()].map((made) => made.body.id);
    await setPhase(installing as string, "installing", "running", new Date(Date.now() + 60_000));
    await setPhase(stopped as string, "stopped", "stopped");
    await setPhase(overdue as string, "provisioning", "running", new Date(Date.now() - 1000));
    const idsOf = async (status: string) => {
      const { body } = await api<List>("GET", `${collection}?status=${status}`, { token: person.token });
      return body.environments.map((one) => one.id);
    };
    expect(await idsOf("running")).toEqual([installing]);
    expect(await idsOf("installing")).toEqual([installing]);
    expect(await idsOf("stopped")).toEqual([stopped]);
    expect(await idsOf("error")).toEqual([overdue]);
    expect(await idsOf("provisioning")).toEqual([]);
    expect(await idsOf("creating")).toEqual([]);
  });

  it("filters by template", async () => {
    const { create, person, template } = await newWorld();
    await create();
    const total = async (id: string) =>
      (await api<List>("GET", `${collection}?template_id=${id}`, { token: person.token })).body.pagination.total;
    expect([await total(template), await total("python")]).toEqual([1, 0]);
  });

  it.each(["limit=0", "limit=101", "limit=x", "offset=-1", "status=flying"])("refuses %s", async (query) => {
    const { token } = await newPerson();
    expect((await api<Problem>("GET", `${collection}?${query}`, { token })).status).toBe(400);
  });

  it("costs two round trips to the database, the session's included; so does one environment", async () => {
    const { create, person, path } = await newWorld();
    const { body } = await create();
    await db.execute(sql`update environments set last_accessed_at = now() where id = ${body.id}`);
    const fetching = vi.spyOn(globalThis, "fetch");
    const trips = async (asked: string) => {
      fetching.mockClear();
      await api("GET", asked, { token: person.token });
      const endpoint = inject("variables").NEON_FETCH_ENDPOINT;
      return fetching.mock.calls.filter(([url]) => String(url).startsWith(endpoint)).length;
    };
    const counted = [await trips(collection), await trips(path(body.id))];
    fetching.mockRestore();
    expect(counted).toEqual([2, 2]);
  });
});

describe("one environment", () => {
  it("comes with its template, its cluster and its terminals", async () => {
    const { create, person, template, cluster, path } = await newWorld();
    const { body } = await create();
    const detail = await api<Record<string, unknown>>("GET", path(body.id), { token: person.token });
    expect(detail.status).toBe(200);
    expect(detail.body).toMatchObject({
      id: body.id,
      template: { id: template, name: template },
      cluster: { id: cluster.id },
      terminals: [{ id: `${body.id}/main`, window: "main", path: `/api/v1/ws/terminal/${body.id}` }],
    });
  });

  it("notes that its owner looked at it", async () => {
    const { create, person, path } = await newWorld();
    const { body } = await create();
    await api("GET", path(body.id), { token: person.token });
    const again = await api("GET", path(body.id), { token: person.token });
    expect(Date.parse(again.body.last_accessed ?? "")).toBeGreaterThan(0);
  });

  it("is in error once its deadline has passed, though nothing but a read happened", async () => {
    const { create, person, path } = await newWorld();
    const { body } = await create();
    await setPhase(body.id, "provisioning", "running", new Date(Date.now() - 1000));
    const detail = await api("GET", path(body.id), { token: person.token });
    expect(detail.body).toMatchObject({ status: "error", phase: "error" });
    expect(detail.body.status_message).toContain("in time");
  });

  it("is shown without variables when no live key opens them", async () => {
    const { create, person, path } = await newWorld();
    const { body } = await create({ environment_variables: { A: "1" } });
    await db.execute(sql`update environments set sealed_variables = 'lost.AAAA.AAAA' where id = ${body.id}`);
    const detail = await api("GET", path(body.id), { token: person.token });
    expect([detail.status, detail.body.environment_variables]).toEqual([200, {}]);
    const update = { token: person.token, body: { environment_variables: { B: "2" } } };
    expect((await api("PUT", path(body.id), update)).status).toBe(500);
  });

  it("of somebody else answers as one that does not exist, on every route", async () => {
    const { create, path } = await newWorld();
    const { body } = await create();
    const stranger = await newPerson();
    const missing = `env_${"0".repeat(20)}`;
    const calls = [
      ["GET", ""],
      ["PUT", ""],
      ["DELETE", "?force=true"],
      ["POST", "/start"],
      ["POST", "/stop"],
      ["POST", "/restart"],
      ["POST", "/recover"],
      ["GET", "/metrics"],
      ["GET", "/logs"],
    ] as const;
    for (const [method, rest] of calls) {
      const asked = { token: stranger.token, ...(method === "PUT" ? { body: { name: "mine" } } : {}) };
      const foreign = await api<Problem>(method, path(body.id, rest), asked);
      const unknown = await api<Problem>(method, path(missing, rest), asked);
      expect([foreign.status, unknown.status], `${method} ${rest}`).toEqual([404, 404]);
      const { code, detail } = unknown.body;
      expect(foreign.body).toMatchObject({ code, detail });
      expect((await api(method, path(body.id, rest), { ...asked, token: undefined })).status).toBe(401);
    }
  });
});
