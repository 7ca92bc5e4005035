/**
 * The one way in which an environment's lifecycle is written. rules/ computed the new state from a row that was
 * read; the statement applies it only where the row is still what it was, so nobody overwrites a state that they
 * have not seen. Whoever loses reads again and decides again. What gives or takes a shell begins or settles the
 * running time in the same statement.
 */
import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { Lifecycle } from "../../rules/lifecycle.ts";
import type { Database } from "../database.ts";
import { addRunningTime, isRunning } from "./metering.ts";
import { isWithinPlan, lockUser, type PlanLimits, planUse, toPlanUse } from "./plan-use.ts";

export interface Move {
  id: string;
  before: Lifecycle;
  after: Lifecycle;
  /** Hides the environment from its owner and frees its name and its place in the plan. */
  deletedAt?: Date;
  /** Only if this end is still the announced one. */
  announcedEnd?: Date;
}

const movedSchema = z.array(z.object({ id: z.string(), revision: z.coerce.number() }));

/**
 * Applies each move whose row still has the desired state, generation and phase it had before, in one statement.
 * With `desiredChanged` the revision of every cluster concerned grows too. Answers which moves were applied and
 * the revision of each one's cluster.
 */
export async function moveEnvironments(
  db: Database,
  moves: readonly Move[],
  options: { desiredChanged: boolean },
): Promise<{ id: string; revision: number }[]> {
  if (moves.length === 0) return [];
  const { rows } = await db.execute(
    sql`with ${applied(moves, options.desiredChanged, sql`true`)} select * from applied`,
  );
  return movedSchema.parse(rows);
}

/** `revision` is the cluster's after the move, null when nothing was moved; `use` is what was counted under the lock. */
export interface MovedWithinPlan {
  revision: number | null;
  use: PlanLimits;
}

/**
 * Brings an environment up (a move like those above) if its owner's plan has room for it: no more environments than
 * places, its own sizes and the month's running time within the plan. Counted under the lock of the owner's row.
 */
export async function moveWithinPlan(
  db: Database,
  move: Move,
  owner: { userId: string; now: Date },
): Promise<MovedWithinPlan> {
  const sizes = { cpu: sql`e.cpu_millicores`, memory: sql`e.memory_bytes`, storage: sql`e.storage_bytes` };
  const hasRoom = sql`exists (select 1 from facts where facts.environments <= facts.max_environments
    and ${isWithinPlan(sizes)})`;
  const [, { rows }] = await db.batch([
    db.execute(lockUser(owner.userId)),
    db.execute(sql`with facts as (${planUse(owner.userId, owner.now)}), ${applied([move], true, hasRoom)}
      select facts.*, (select revision from applied) as revision from facts`),
  ]);
  const { revision } = z.object({ revision: z.coerce.number().nullable() }).parse(rows[0]);
  return { revision, use: toPlanUse(rows[0]) };
}

/** The CTEs that end in `applied (id, revision)`; `condition` is a further one on the row `e`. */
function applied(moves: readonly Move[], desiredChanged: boolean, condition: SQL): SQL {
  return sql`asked as (${incoming(moves)}),
    held as (select e.id, e.user_id, e.metered_at from environments e join asked on asked.id = e.id
      order by e.id for update of e),
    moved as (
      update environments e set desired = asked.desired, generation = asked.generation, phase = asked.phase,
        status_message = asked.status_message, phase_reason = asked.phase_reason, phase_since = asked.phase_since,
        phase_deadline_at = asked.phase_deadline_at, installation_completed = asked.installation_completed,
        pending_restart = asked.pending_restart, deleted_at = coalesce(asked.deleted_at, e.deleted_at),
        metered_at = case when ${isRunning(sql`asked.phase`)}
          then coalesce(e.metered_at, date_trunc('second', asked.phase_since)) end,
        auto_stop_at = case when asked.desired = 'running' and e.desired = 'running' then e.auto_stop_at end,
        updated_at = now()
      from asked join held on held.id = asked.id
      where e.id = asked.id and e.desired = asked.was_desired and e.generation = asked.was_generation
        and e.phase = asked.was_phase and ${condition}
        and (asked.announced_end is null or date_trunc('milliseconds', e.auto_stop_at) = asked.announced_end)
      returning e.id, e.cluster_id, e.metered_at, e.phase_since
    ),
    ran as (select held.user_id, held.metered_at as since, date_trunc('second', moved.phase_since) as until
      from moved join held on held.id = moved.id where moved.metered_at is null and held.metered_at is not null),
    ${addRunningTime},
    bumped as (
      update clusters set revision = revision + 1
      where ${desiredChanged} and id in (select cluster_id from moved) returning id, revision
    ),
    applied as (select moved.id, coalesce(bumped.revision, clusters.revision) as revision
      from moved join clusters on clusters.id = moved.cluster_id left join bumped on bumped.id = moved.cluster_id)`;
}

function incoming(moves: readonly Move[]): SQL {
  const list = moves.map(({ id, before, after, deletedAt, announcedEnd }) => ({
    id,
    was_desired: before.desired,
    was_generation: before.generation,
    was_phase: before.phase,
    desired: after.desired,
    generation: after.generation,
    phase: after.phase,
    status_message: after.statusMessage,
    phase_reason: after.phaseReason,
    phase_since: after.phaseSince,
    phase_deadline_at: after.phaseDeadlineAt,
    installation_completed: after.installationCompleted,
    pending_restart: after.pendingRestart,
    deleted_at: deletedAt ?? null,
    announced_end: announcedEnd ?? null,
  }));
  return sql`select * from jsonb_to_recordset(${JSON.stringify(list)}::jsonb) as asked(id text, was_desired text,
    was_generation int, was_phase text, desired text, generation int, phase text, status_message text,
    phase_reason text, phase_since timestamptz, phase_deadline_at timestamptz, installation_completed boolean,
    pending_restart boolean, deleted_at timestamptz, announced_end timestamptz)`;
}
