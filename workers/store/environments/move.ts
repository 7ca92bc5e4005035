/**
 * The one way in which an environment's lifecycle is written. rules/ computed the new state from a row that was
 * read; the statement applies it only where the row is still what it was, so nobody overwrites a state that they
 * have not seen. Whoever loses reads again and decides again.
 */
import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Lifecycle } from "../../rules/lifecycle.ts";
import type { Database } from "../database.ts";

export interface Move {
  id: string;
  before: Lifecycle;
  after: Lifecycle;
  /** Hides the environment from its owner and frees its name and its place in the plan. */
  deletedAt?: Date;
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
  const { rows } = await db.execute(sql`
    with asked as (${incoming(moves)}),
    held as (select e.id from environments e join asked on asked.id = e.id order by e.id for update of e),
    moved as (
      update environments e set desired = asked.desired, generation = asked.generation, phase = asked.phase,
        status_message = asked.status_message, phase_reason = asked.phase_reason, phase_since = asked.phase_since,
        phase_deadline_at = asked.phase_deadline_at, installation_completed = asked.installation_completed,
        pending_restart = asked.pending_restart, deleted_at = coalesce(asked.deleted_at, e.deleted_at), updated_at = now()
      from asked join held on held.id = asked.id
      where e.id = asked.id and e.desired = asked.was_desired and e.generation = asked.was_generation
        and e.phase = asked.was_phase
      returning e.id, e.cluster_id
    ),
    bumped as (
      update clusters set revision = revision + 1
      where ${options.desiredChanged} and id in (select cluster_id from moved) returning id, revision
    )
    select moved.id, coalesce(bumped.revision, clusters.revision) as revision
    from moved join clusters on clusters.id = moved.cluster_id left join bumped on bumped.id = moved.cluster_id`);
  return movedSchema.parse(rows);
}

function incoming(moves: readonly Move[]) {
  const list = moves.map(({ id, before, after, deletedAt }) => ({
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
  }));
  return sql`select * from jsonb_to_recordset(${JSON.stringify(list)}::jsonb) as asked(id text, was_desired text,
    was_generation int, was_phase text, desired text, generation int, phase text, status_message text,
    phase_reason text, phase_since timestamptz, phase_deadline_at timestamptz, installation_completed boolean,
    pending_restart boolean, deleted_at timestamptz)`;
}
