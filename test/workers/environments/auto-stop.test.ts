/** Environments that stop by themselves, run through the cron, with a bridge that tells how they are. */
import { exports } from "cloudflare:workers";
import { type SQL, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { stopByThemselves } from "../../../workers/domain/environments/auto-stop.ts";
import type { EnvironmentBody } from "../../../workers/routes/environments/shapes.ts";
import { monthOf } from "../../../workers/rules/months.ts";
import { ViewerPeer } from "../../durable-objects/peers.ts";
import { newDeps } from "../support/deps.ts";
import { FakeBridge } from "./fake-bridge.ts";
import { api, db, type MadeUpPlan, newWorld, type Problem, patientApi, runCron, setPlan, uniqueWord } from "./world.ts";

type Extension = { message: string; auto_stop_at: string | null } & Problem;

/** A running environment of somebody on a plan that stops what is idle after 15 minutes. */
async function newRunning(plan: MadeUpPlan = { idleSeconds: 900, unattendedSeconds: 7200 }) {
  const world = await newWorld();
  await setPlan(world.person.id, `plan-${uniqueWord()}`, plan);
  const bridge = new FakeBridge(world.cluster);
  const { id } = (await bridge.serve(world.create({}, patientApi))).body;
  const { token } = world.person;
  const set = (columns: SQL) => db.execute(sql`update environments set ${columns} where id = ${id}`);
  /** Nobody attended for so many minutes, of which the bridge told just now. */
  const leaveAlone = (minutes: number) =>
    set(sql`phase_since = now() - make_interval(mins => ${minutes}::int), heard_at = now()`);
  /** As if its announced end were over, and the bridge had been heard since. */
  const reachEnd = () => set(sql`auto_stop_at = date_trunc('second', now()) - interval '2 seconds', heard_at = now()`);
  const read = async () => (await api<EnvironmentBody>("GET", world.path(id), { token })).body;
  const extend = () => api<Extension>("POST", world.path(id, "/extend"), { token });
  const tell = (more: object, cpu = 0, timestamp = new Date()) =>
    bridge.telemetry([
      {
        environment_id: id,
        readings: { ...readings, cpu_usage: cpu, timestamp: timestamp.toISOString() },
        last_activity: null,
        ...more,
      },
    ]);
  const columns = async () => {
    const { rows } = await db.execute(sql`select attended_at, worked_at, heard_at, metered_at, phase_reason
      from environments where id = ${id}`);
    return rows[0] as Record<"attended_at" | "worked_at" | "heard_at" | "metered_at" | "phase_reason", string | null>;
  };
  return { ...world, id, bridge, token, set, leaveAlone, reachEnd, read, extend, tell, columns };
}

const readings = { memory_usage: 1, storage_usage: 1, network_in: null, network_out: null, uptime: 60 };
const minutesFromNow = (time: string | null) => (Date.parse(time ?? "") - Date.now()) / 60_000;

async function useUpHours(userId: string, seconds: number): Promise<void> {
  await db.execute(sql`insert into usage_months values (${userId}, ${monthOf(new Date()).firstDay}::date, ${seconds})
    on conflict (user_id, month) do update set running_seconds = excluded.running_seconds`);
}

describe("an idle environment", () => {
  it("is announced on its sockets and in its body, then stopped; and says why when it has stopped", async () => {
    const { id, bridge, token, leaveAlone, reachEnd, read, columns } = await newRunning();
    const request = new Request(`https://devpocket.test/api/v1/ws/logs/${id}`, {
      headers: { upgrade: "websocket", authorization: `Bearer ${token}` },
    });
    const viewer = new ViewerPeer(await exports.default.fetch(request));
    await viewer.has({ type: "welcome" });
    expect((await read()).auto_stop_at).toBeNull();
    await leaveAlone(11);
    await runCron();
    expect(minutesFromNow((await read()).auto_stop_at)).toBeCloseTo(5, 0);
    const message = expect.stringMatching(
      /^It stops at \d\d:\d\d UTC because nothing has happened in it for 15 minutes/,
    );
    await viewer.has({ type: "status_update", status: "running", phase: "running", message });
    await leaveAlone(17);
    await reachEnd();
    await runCron();
    const words = "Stopped because nothing has happened in it for 15 minutes";
    expect(await read()).toMatchObject({ phase: "stopping", status_message: words, auto_stop_at: null });
    await viewer.has({ type: "status_update", phase: "stopping", message: words });
    await bridge.obey();
    expect(await read()).toMatchObject({ status: "stopped", phase: "stopped", status_message: words });
    expect(await columns()).toMatchObject({ phase_reason: "idle_stopped", metered_at: null });
    const { rows } = await db.execute(sql`select actor_kind, detail from audit_events
      where action = 'environment.auto_stop' and target_id = ${id}`);
    expect(rows).toMatchObject([{ actor_kind: "system", detail: { reason: "idle_stopped" } }]);
  });

  it("goes on when somebody attends to it, also in the minute of its end", async () => {
    const { leaveAlone, reachEnd, read, tell } = await newRunning();
    await tell({ last_attended: new Date().toISOString(), last_work: null });
    await leaveAlone(20);
    await reachEnd();
    await runCron();
    expect(await read()).toMatchObject({ phase: "running", auto_stop_at: null });
  });

  it("that works goes on until nobody has attended for the plan's time", async () => {
    const { leaveAlone, reachEnd, read, tell, columns } = await newRunning();
    await leaveAlone(100);
    await tell({ last_attended: null, last_work: null }, 5.5);
    await runCron();
    expect((await read()).auto_stop_at).toBeNull();
    await leaveAlone(121);
    await tell({ last_attended: null, last_work: new Date().toISOString() });
    await runCron();
    expect(minutesFromNow((await read()).auto_stop_at)).toBeCloseTo(5, 0);
    await reachEnd();
    await runCron();
    expect((await read()).status_message).toBe("Stopped because nobody has attended to it for 2 hours");
    expect((await columns()).phase_reason).toBe("unattended_stopped");
  });

  it("is not judged while its bridge is silent, and that is said", async () => {
    const { set, read, cluster } = await newRunning();
    await set(sql`phase_since = now() - interval '1 hour', auto_stop_at = now() - interval '2 seconds',
      heard_at = now() - interval '3 minutes'`);
    const said: unknown[] = [];
    const deps = newDeps({ log: (level, msg, fields) => said.push({ level, msg, ...fields }) });
    await stopByThemselves(deps);
    await deps.settled();
    expect(await read()).toMatchObject({ phase: "running", auto_stop_at: null });
    const line = {
      level: "warn",
      msg: "not judged idle: its bridge is silent",
      cluster_id: cluster.id,
      environments: 1,
    };
    expect(said).toContainEqual(line);
  });

  it("of a plan that never stops is left alone", async () => {
    const { leaveAlone, read } = await newRunning({});
    await leaveAlone(6000);
    await runCron();
    expect((await read()).auto_stop_at).toBeNull();
  });
});

describe("extending", () => {
  it("takes the warning back and counts as attendance", async () => {
    const { id, leaveAlone, extend, read, columns, token, bridge, path } = await newRunning();
    await leaveAlone(11);
    await runCron();
    const extended = await extend();
    expect([extended.status, extended.body]).toEqual([200, { message: "It goes on running", auto_stop_at: null }]);
    await runCron();
    expect((await read()).auto_stop_at).toBeNull();
    expect(minutesFromNow((await columns()).attended_at)).toBeCloseTo(0, 0);
    await bridge.serve(patientApi("POST", path(id, "/stop"), { token }));
    const refused = await extend();
    expect([refused.status, refused.body.code, refused.body.allowed]).toEqual([
      409,
      "invalid_state",
      ["start", "stop", "delete", "update"],
    ]);
  });

  it("against the sweep at the announced end has one outcome: who was told that it goes on keeps it", async () => {
    const { leaveAlone, reachEnd, extend, read } = await newRunning();
    await leaveAlone(30);
    await reachEnd();
    const [, ...answers] = await Promise.all([runCron(), ...Array.from({ length: 8 }, extend), runCron()]);
    const statuses = new Set(answers.flatMap((answer) => (answer === undefined ? [] : [answer.status])));
    const { phase, auto_stop_at } = await read();
    expect([[...statuses], phase, auto_stop_at]).toEqual(
      statuses.has(200) ? [[200], "running", null] : [[409], "stopping", null],
    );
  });

  it("does not bring back hours that are used up", async () => {
    const { person, extend, read, reachEnd, columns } = await newRunning({ runningSeconds: 3600 });
    await useUpHours(person.id, 3590);
    await runCron();
    const announced = (await read()).auto_stop_at;
    expect(minutesFromNow(announced)).toBeCloseTo(5, 0);
    const extended = await extend();
    expect([extended.status, extended.body.auto_stop_at]).toEqual([200, announced]);
    expect(extended.body.message).toContain("this month's 1 running hours are used up");
    await useUpHours(person.id, 3600);
    await reachEnd();
    await runCron();
    expect(await read()).toMatchObject({ phase: "stopping", auto_stop_at: null });
    expect((await columns()).phase_reason).toBe("hours_used_up");
  });

  it("or rather a change of plan gives a day in which used up hours end nothing", async () => {
    const { person, read } = await newRunning({ runningSeconds: 3600 });
    await useUpHours(person.id, 9000);
    await db.execute(sql`update users set plan_changed_at = now() - interval '23 hours' where id = ${person.id}`);
    await runCron();
    expect((await read()).auto_stop_at).toBeNull();
  });
});

describe("telemetry", () => {
  it("tells attendance and work by the age they have on the bridge's clock", async () => {
    const { tell, columns } = await newRunning();
    const slow = new Date(Date.now() - 3_600_000);
    const earlier = (seconds: number) => new Date(slow.getTime() - seconds * 1000).toISOString();
    await tell({ last_attended: earlier(60), last_work: earlier(120) }, 4.9, slow);
    const { attended_at, worked_at, heard_at } = await columns();
    expect(minutesFromNow(attended_at)).toBeCloseTo(-1, 0);
    expect(minutesFromNow(worked_at)).toBeCloseTo(-2, 0);
    expect(minutesFromNow(heard_at)).toBeCloseTo(0, 0);
    await tell({ last_attended: earlier(900), last_work: null }, 5.1, slow);
    const later = await columns();
    expect(later.attended_at).toBe(attended_at);
    expect(minutesFromNow(later.worked_at)).toBeCloseTo(0, 0);
  });

  it("of a bridge that knows one kind of activity counts as both", async () => {
    const { tell, columns } = await newRunning();
    await tell({ last_activity: new Date(Date.now() - 60_000).toISOString() });
    const { attended_at, worked_at } = await columns();
    expect(minutesFromNow(attended_at)).toBeCloseTo(-1, 0);
    expect(worked_at).toBe(attended_at);
  });

  it("with times that no clock shows is taken for what it says", async () => {
    const { tell, columns } = await newRunning();
    await tell({ last_attended: "2999-01-01T00:00:00Z", last_work: "-200000-01-01T00:00:00Z" });
    const { attended_at, worked_at } = await columns();
    expect(minutesFromNow(attended_at)).toBeCloseTo(0, 0);
    expect(minutesFromNow(worked_at ?? null)).not.toBeGreaterThan(-1);
  });

  it("begins to meter what was running before there was a meter", async () => {
    const { set, tell, columns } = await newRunning();
    expect((await columns()).metered_at).not.toBeNull();
    await set(sql`metered_at = null`);
    await tell({});
    expect(minutesFromNow((await columns()).metered_at)).toBeCloseTo(0, 0);
  });
});
