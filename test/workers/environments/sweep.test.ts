/** The work of every minute, run as the platform's cron runs it. */
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { db, newWorld, runCron, setPhase } from "./world.ts";

async function firstValue(query: ReturnType<typeof sql>): Promise<unknown> {
  const { rows } = await db.execute(query);
  return Object.values(rows[0] ?? {})[0];
}

describe("the sweep", () => {
  it("writes down a deadline that passed, and leaves one that has not", async () => {
    const { create } = await newWorld();
    const [overdue, waiting] = [(await create()).body.id, (await create()).body.id];
    await setPhase(overdue, "provisioning", "running", new Date(Date.now() - 1000));
    await runCron();
    const row = (id: string) =>
      firstValue(sql`select phase || ' ' || coalesce(phase_reason, '') from environments where id = ${id}`);
    expect(await row(overdue)).toBe("error deadline_exceeded");
    expect(await row(waiting)).toBe("creating ");
  });

  it("forgets samples after seven days", async () => {
    const { create } = await newWorld();
    const { id } = (await create()).body;
    await db.execute(sql`insert into environment_samples (environment_id, taken_at)
      values (${id}, now() - interval '8 days'), (${id}, now() - interval '6 days')`);
    await runCron();
    expect(await firstValue(sql`select count(*)::int from environment_samples where environment_id = ${id}`)).toBe(1);
  });

  it("lets go of what was terminated long ago, and of nothing else", async () => {
    const { create } = await newWorld();
    const ids = [(await create()).body.id, (await create()).body.id, (await create()).body.id];
    const age = (id: string | undefined, phase: string, days: number) =>
      db.execute(sql`update environments set phase = ${phase}, phase_deadline_at = null,
        phase_since = now() - make_interval(days => ${days}::int) where id = ${id}`);
    await Promise.all([age(ids[0], "terminated", 31), age(ids[1], "terminated", 29), age(ids[2], "stopped", 400)]);
    await runCron();
    const { rows } = await db.execute(sql`select id from environments where id in (${ids[0]}, ${ids[1]}, ${ids[2]})`);
    expect(rows.map((row) => row["id"]).sort()).toEqual(ids.slice(1).sort());
  });
});
