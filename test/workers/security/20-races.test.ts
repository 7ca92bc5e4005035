/**
 * Check 20: fifty creations and fifty starts at once at the limit of a plan never exceed it, whoever asks how; stops against
 * starts end in one clear state.
 */
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { api, db, newWorld, setPhase } from "../environments/world.ts";

const times = (count: number) => Array.from({ length: count });

async function wanted(userId: string): Promise<Record<string, number>> {
  const { rows } = await db.execute(sql`select desired, count(*)::int as count from environments
    where user_id = ${userId} and deleted_at is null group by desired`);
  return Object.fromEntries(rows.map((row) => [String(row["desired"]), Number(row["count"])]));
}

describe("at the limit of a plan", () => {
  it("fifty creations at once leave exactly as many as it allows", async () => {
    const world = await newWorld(3);
    const answers = await Promise.all(times(50).map(() => world.create<{ code?: string }>()));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(new Set(refused.map(({ status, body }) => `${status} ${body.code}`))).toEqual(
      new Set(["403 quota_exceeded"]),
    );
    expect(await wanted(world.person.id)).toEqual({ running: 3 });
  });

  it("fifty creations under one name leave one", async () => {
    const world = await newWorld(50);
    const answers = await Promise.all(times(50).map(() => world.create({ name: "the same" })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(await wanted(world.person.id)).toEqual({ running: 1 });
  });

  it("fifty starts at once after the plan became smaller start nothing", async () => {
    const world = await newWorld(3);
    const ids = await Promise.all(times(3).map(async () => (await world.create()).body.id));
    for (const id of ids) await setPhase(id, "stopped", "stopped");
    const { person: smaller } = await newWorld(1);
    await db.execute(sql`update users set plan_id = (select plan_id from users where id = ${smaller.id})
      where id = ${world.person.id}`);
    const start = (at: number) => api("POST", world.path(ids[at % 3] ?? "", "/start"), { token: world.person.token });
    const answers = await Promise.all(times(50).map((_, at) => start(at)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([403]));
    expect(await wanted(world.person.id)).toEqual({ stopped: 3 });
  });
});

it("stops against starts end as the row says, one of the two, with every answer known", async () => {
  const world = await newWorld(1);
  const { id } = (await world.create()).body;
  await setPhase(id, "running", "running");
  const move = (word: string) => api("POST", world.path(id, `/${word}`), { token: world.person.token });
  const answers = await Promise.all(times(20).map((_, at) => move(at % 2 === 0 ? "stop" : "start")));
  for (const { status } of answers) expect([200, 409]).toContain(status);
  const counted = await wanted(world.person.id);
  expect([{ running: 1 }, { stopped: 1 }]).toContainEqual(counted);
});
