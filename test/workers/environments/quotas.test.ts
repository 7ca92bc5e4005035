/** What a plan allows, also when many come at once and after a downgrade (security.md, check 20). */
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import type { EnvironmentBody } from "../../../workers/routes/environments/shapes.ts";
import { monthOf } from "../../../workers/rules/months.ts";
import { FakeBridge } from "./fake-bridge.ts";
import { api, db, newWorld, type Problem, patientApi, runCron, setPhase, setPlan, uniqueWord } from "./world.ts";

type Moved = { status: string; phase: string } & Problem;

async function newOwner(environments: number) {
  const world = await newWorld(environments);
  const { token, id: userId } = world.person;
  const ids: string[] = [];
  for (let made = 0; made < environments; made += 1) ids.push((await world.create()).body.id);
  const post = (id: string, action: string, by = api) => by<Moved>("POST", world.path(id, `/${action}`), { token });
  const stopAll = () => Promise.all(ids.map((id) => setPhase(id, "stopped", "stopped")));
  const remove = (id: string) => api<Problem>("DELETE", world.path(id, "?force=true"), { token });
  return { ...world, ids, post, stopAll, remove, token, userId, bridge: new FakeBridge(world.cluster) };
}

async function useUpHours(userId: string, seconds: number): Promise<void> {
  const { firstDay } = monthOf(new Date());
  await db.execute(sql`insert into usage_months values (${userId}, ${firstDay}::date, ${seconds})
    on conflict (user_id, month) do update set running_seconds = excluded.running_seconds`);
}

const refusals = (answers: { status: number; body: Problem }[]) =>
  answers.filter(({ status, body }) => status === 403 && body.code === "quota_exceeded" && /limit/.test(body.detail));

describe("after a downgrade", () => {
  it("whoever has more than the plan's places starts none, and goes on with everything else", async () => {
    const { ids, post, remove, stopAll, create, path, token, userId } = await newOwner(3);
    await stopAll();
    const [first = "", second = "", third = ""] = ids;
    await setPhase(first, "running", "running");
    await setPlan(userId, "test-1", { maxEnvironments: 1 });
    expect(refusals([await post(second, "start"), await create<Problem>()])).toHaveLength(2);
    expect((await post(second, "start")).body.detail).toContain("limit of 1 for environments");
    expect((await api("GET", "/api/v1/environments", { token })).status).toBe(200);
    expect((await api("GET", path(first), { token })).body.phase).toBe("running");
    expect((await post(first, "restart")).status).toBe(200);
    expect((await post(first, "stop")).status).toBe(200);
    expect([(await remove(first)).status, (await remove(third)).status]).toEqual([200, 200]);
    expect((await post(second, "start")).status).toBe(200);
  });

  it("what is larger than the plan does not start, and runs on where it runs", async () => {
    const { ids, post, path, token, userId, create } = await newOwner(1);
    const { body } = await setPlan(userId, "test-5").then(() => create({ resources: { cpu: "2" } }));
    await setPhase(body.id, "running", "running");
    await setPlan(userId, "test-one-cpu", { cpu: 1000 });
    expect((await post(body.id, "start")).status).toBe(200);
    expect((await api("GET", path(body.id), { token })).body.phase).toBe("running");
    await setPhase(body.id, "stopped", "stopped");
    const refused = await post(body.id, "start");
    expect(refusals([refused])).toHaveLength(1);
    expect(refused.body.detail).toContain("limit of 1 for cpu");
    await setPhase(ids[0] ?? "", "stopped", "stopped");
    expect((await post(ids[0] ?? "", "start")).status).toBe(200);
  });
});

describe("a month's running hours", () => {
  it("used up refuse what would run anew, until the next month", async () => {
    const { ids, post, create, userId } = await newOwner(2);
    const [id = "", running = ""] = ids;
    await setPlan(userId, "test-hour", { runningSeconds: 3600 });
    await setPhase(id, "stopped", "stopped");
    await setPhase(running, "running", "running");
    await useUpHours(userId, 3600);
    const answers = [await post(id, "start"), await create<Problem>()];
    await setPhase(id, "error", "running");
    answers.push(await post(id, "recover"), await post(id, "restart"));
    expect(refusals(answers)).toHaveLength(4);
    expect(answers[0]?.body.detail).toBe("The test-hour plan has a limit of 1 for running hours");
    expect((await post(running, "restart")).status).toBe(200);
    expect((await post(running, "stop")).status).toBe(200);
    await db.execute(sql`update usage_months set month = month - interval '1 month' where user_id = ${userId}`);
    expect((await post(id, "start")).status).toBe(200);
  });

  it("count what has run since the last sweep, too", async () => {
    const { ids, post, userId } = await newOwner(2);
    const [id = "", running = ""] = ids;
    await setPlan(userId, "test-hour", { runningSeconds: 3600 });
    await setPhase(id, "stopped", "stopped");
    await setPhase(running, "running", "running");
    await useUpHours(userId, 3599);
    expect((await post(id, "start")).status).toBe(200);
    await setPhase(id, "stopped", "stopped");
    await db.execute(sql`update environments set metered_at = now() - interval '2 seconds' where id = ${running}`);
    expect(refusals([await post(id, "start")])).toHaveLength(1);
  });
});

describe("50 at once", () => {
  const times = <Item>(count: number, make: (index: number) => Promise<Item>) =>
    Promise.all(Array.from({ length: count }, (_, index) => make(index)));

  it("starts, against the removal of what is too many, never bring up more than the plan has places", async () => {
    const { ids, post, remove, stopAll, userId } = await newOwner(4);
    await stopAll();
    await setPlan(userId, "test-2", { maxEnvironments: 2 });
    const [first = "", second = ""] = ids;
    const [answers] = await Promise.all([
      times(50, (index) => post(ids[index % 2 === 0 ? 2 : 3] ?? "", "start")),
      remove(first),
      remove(second),
    ]);
    expect(answers.filter(({ status }) => ![200, 403].includes(status))).toEqual([]);
    const { rows } = await db.execute(sql`select count(*) filter (where desired = 'running')::int as running,
      count(*)::int as live, max(generation) as generation from environments where user_id = ${userId} and deleted_at is null`);
    expect(rows[0]?.["live"]).toBe(2);
    expect(rows[0]?.["running"]).toBeLessThanOrEqual(2);
    expect(rows[0]?.["generation"]).toBeLessThanOrEqual(2);
  });

  it("starts and creations at the limit leave no more than the plan's places", async () => {
    const { ids, post, stopAll, create, userId } = await newOwner(2);
    await stopAll();
    await setPlan(userId, "test-3", { maxEnvironments: 3 });
    const answers = await times(
      50,
      (index): Promise<{ status: number; body: Problem }> =>
        index % 2 === 0 ? post(ids[index % 4 === 0 ? 0 : 1] ?? "", "start") : create<EnvironmentBody & Problem>(),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(25);
    expect(refusals(answers)).toHaveLength(24);
    const { rows } = await db.execute(sql`select generation from environments where user_id = ${userId}
      and deleted_at is null order by generation`);
    expect(rows.map((row) => row["generation"])).toEqual([1, 2, 2]);
  });

  it("stops against starts, with the sweep between, leave one clear wish, which the cluster reaches", async () => {
    const { ids, post, bridge, path, token } = await newOwner(1);
    const [id = ""] = ids;
    await bridge.obey();
    const steps = times(50, (index) => post(id, index % 2 === 0 ? "stop" : "start"));
    const [answers] = await Promise.all([bridge.serve(steps), times(5, () => runCron())]);
    expect(answers.filter(({ status }) => ![200, 409].includes(status))).toEqual([]);
    const [desired] = await bridge.obey();
    expect((await api("GET", path(id), { token })).body.status).toBe(desired?.desired);
    expect((await bridge.serve(post(id, "stop", patientApi))).body.phase).toBe("stopped");
    const { rows } = await db.execute(sql`select metered_at from environments where id = ${id}`);
    expect(rows).toEqual([{ metered_at: null }]);
  });
});

describe("the audit log", () => {
  it("tells of every step somebody takes", async () => {
    const { ids, post, path, token, remove, userId } = await newOwner(1);
    const [id = ""] = ids;
    await api("PUT", path(id), { token, body: { name: uniqueWord(), environment_variables: { A: "secret-value" } } });
    await setPhase(id, "running", "running");
    await post(id, "restart");
    await post(id, "stop");
    await post(id, "start");
    await setPhase(id, "error", "running");
    await post(id, "recover");
    await remove(id);
    const { rows } = await db.execute(sql`select action, actor_id, actor_kind, detail::text from audit_events
      where target_id = ${id} order by id`);
    const actions = ["create", "update", "restart", "stop", "start", "recover", "delete"];
    expect(rows.map((row) => row["action"])).toEqual(actions.map((action) => `environment.${action}`));
    expect(new Set(rows.map((row) => `${row["actor_kind"]} ${row["actor_id"]}`))).toEqual(new Set([`user ${userId}`]));
    expect(JSON.stringify(rows)).not.toContain("secret-value");
  });
});
