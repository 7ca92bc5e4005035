/** Running time is counted whole: whatever starts, stops and sweeps come, in whichever order. */
import { sql } from "drizzle-orm";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasShell, type Phase } from "../../durable-objects/protocol/vocabulary.ts";
import { monthOf } from "../../workers/rules/months.ts";
import type { Database } from "../../workers/store/database.ts";
import { meterRunning } from "../../workers/store/environments/metering.ts";
import { moveEnvironments } from "../../workers/store/environments/move.ts";
import { findPlanUse } from "../../workers/store/plans.ts";
import { type OwnDatabase, openOwnDatabase } from "./own-database.ts";

const start = new Date("2024-01-31T23:40:00.250Z");
const userId = "person";
const ids = ["env_a", "env_b"];

let own: OwnDatabase;
let db: Database;

/** In a database of its own: a sweep books whatever runs there, up to its own now. */
beforeAll(async () => {
  own = await openOwnDatabase("running_time");
  db = own.db;
  await db.execute(sql`insert into users (id, username, email) values (${userId}, 'person', 'person@example.com')`);
  await db.execute(sql`insert into clusters (id, name) values ('cluster', 'cluster')`);
  for (const id of ids) {
    await db.execute(sql`insert into environments (id, user_id, cluster_id, template_id, name, docker_image,
      cpu_millicores, memory_bytes, storage_bytes, sealed_variables, desired, phase)
      values (${id}, ${userId}, 'cluster', 'ubuntu', ${id}, 'ubuntu:24.04', 500, 1, 1, 'k.iv.sealed', 'stopped', 'stopped')`);
  }
}, 30_000);
afterAll(() => own.close());

/** Puts both environments back to before anything ran. */
async function reset(): Promise<void> {
  await db.execute(sql`delete from usage_months where user_id = ${userId}`);
  await db.execute(sql`update environments set phase = 'stopped', desired = 'running', generation = 1, metered_at = null,
    phase_deadline_at = null where user_id = ${userId}`);
}

const lifecycle = (phase: Phase, phaseSince: Date) => ({
  desired: "running" as const,
  generation: 1,
  phase,
  statusMessage: null,
  phaseReason: null,
  phaseSince,
  phaseDeadlineAt: null,
  installationCompleted: false,
  pendingRestart: false,
});

async function move(id: string, from: Phase, to: Phase, at: Date): Promise<void> {
  const asked = { id, before: lifecycle(from, start), after: lifecycle(to, at) };
  expect(await moveEnvironments(db, [asked], { desiredChanged: false })).toHaveLength(1);
}

async function booked(): Promise<Record<string, number>> {
  const { rows } = await db.execute(sql`select month::text, running_seconds from usage_months
    where user_id = ${userId} order by month`);
  return Object.fromEntries(rows.map((row) => [row["month"], row["running_seconds"]]));
}

const wholeSeconds = (time: Date) => Math.floor(time.getTime() / 1000);

/** The seconds of a run by month, counted one way only: by walking from month to month. */
function countRun(into: Record<string, number>, since: Date, until: Date): void {
  for (let from = wholeSeconds(since); from < wholeSeconds(until); ) {
    const { firstDay, endsAt } = monthOf(new Date(from * 1000));
    const to = Math.min(wholeSeconds(endsAt), wholeSeconds(until));
    into[firstDay] = (into[firstDay] ?? 0) + to - from;
    from = to;
  }
}

const phases = ["stopped", "installing", "running", "restarting", "error"] as const;
const step = fc.record({
  afterMs: fc.oneof(fc.nat(5_000), fc.nat(600_000), fc.nat(40 * 86_400_000)),
  what: fc.oneof(
    fc.record({
      kind: fc.constant("move" as const),
      which: fc.nat(1),
      to: fc.constantFrom(...phases),
      /** Whether a sweep comes at the same moment. */
      isRaced: fc.boolean(),
    }),
    fc.record({ kind: fc.constant("sweep" as const), times: fc.integer({ min: 1, max: 2 }) }),
  ),
});

describe("running time", () => {
  it("adds up to what has run, by month, in any order of starts, stops and sweeps", { timeout: 60_000 }, async () => {
    const steps = fc.array(step, { maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        await reset();
        const truth: Record<string, number> = {};
        const at = ids.map((id) => ({ id, phase: "stopped" as Phase, since: start }));
        let now = start;
        const settle = (one: { phase: Phase; since: Date }) => {
          if (hasShell(one.phase)) countRun(truth, one.since, now);
        };
        for (const { afterMs, what } of list) {
          now = new Date(now.getTime() + afterMs);
          if (what.kind === "sweep") {
            await Promise.all(Array.from({ length: what.times }, () => meterRunning(db, now)));
            continue;
          }
          const one = at[what.which];
          if (one === undefined || one.phase === what.to) continue;
          await Promise.all([move(one.id, one.phase, what.to, now), what.isRaced && meterRunning(db, now)]);
          if (!(hasShell(one.phase) && hasShell(what.to))) {
            settle(one);
            one.since = now;
          }
          one.phase = what.to;
        }
        const use = await findPlanUse(db, userId, now);
        for (const one of at) settle(one);
        expect(use?.runningSeconds).toBe(truth[monthOf(now).firstDay] ?? 0);
        await meterRunning(db, now);
        expect(await booked()).toEqual(truth);
      }),
      { numRuns: 40 },
    );
  });

  it("is split where a month ends", async () => {
    await reset();
    const [id = ""] = ids;
    await move(id, "stopped", "running", new Date("2024-01-31T23:59:00Z"));
    await move(id, "running", "stopped", new Date("2024-03-01T00:00:30Z"));
    expect(await booked()).toEqual({ "2024-01-01": 60, "2024-02-01": 29 * 86_400, "2024-03-01": 30 });
  });

  it("of an environment that stopped without being settled ends where its phase began", async () => {
    await reset();
    const [id = ""] = ids;
    await move(id, "stopped", "running", start);
    await db.execute(
      sql`update environments set phase = 'stopped', phase_since = '2024-01-31T23:50:00Z' where id = ${id}`,
    );
    await meterRunning(db, new Date("2024-01-31T23:55:00Z"));
    await meterRunning(db, new Date("2024-01-31T23:56:00Z"));
    expect(await booked()).toEqual({ "2024-01-01": 600 });
  });
});
