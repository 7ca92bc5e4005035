/** Writes of what people ask for: a new environment within the plan, changed settings, the last time of use. */
import { and, eq, isNull, sql } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";
import { sqlErrorIn } from "../database.ts";
import { clusters } from "../schema/catalog.ts";
import { environments } from "../schema/environments.ts";
import type { EnvironmentRow } from "./find.ts";
import { isWithinPlan, lockUser, type PlanLimits, planUse, toPlanUse } from "./plan-use.ts";

export type NewEnvironment = typeof environments.$inferInsert;

export type Inserted =
  | { kind: "inserted"; revision: number }
  /** The cluster is full or the name is in use, if the plan's use leaves room. */
  | { kind: "refused"; use: PlanLimits; hasPlace: boolean };

const outcomeSchema = z.object({ has_place: z.boolean(), revision: z.coerce.number().nullable() });

/**
 * Inserts an environment unless the user's plan or the cluster is full or the name is in use. The user's row is
 * locked first and, in the same transaction and round trip, the counting statement follows: it begins after the
 * lock is held and so sees every row of those who held it before. (A single statement would count with the
 * snapshot it took before it waited.)
 */
export async function insertEnvironment(db: Database, row: NewEnvironment, now: Date): Promise<Inserted> {
  const [, result] = await db.batch([db.execute(lockUser(row.userId)), db.execute(insertWithinLimits(row, now))]);
  const { revision, has_place: hasPlace } = outcomeSchema.parse(result.rows[0]);
  if (revision !== null) return { kind: "inserted", revision };
  return { kind: "refused", use: toPlanUse(result.rows[0]), hasPlace };
}

function insertWithinLimits(row: NewEnvironment, now: Date) {
  const sizes = {
    cpu: sql`${row.cpuMillicores}::int`,
    memory: sql`${row.memoryBytes}::bigint`,
    storage: sql`${row.storageBytes}::bigint`,
  };
  return sql`
    with facts as (
      select in_use.*,
        (select count(e.id) < max(c.max_environments) from environments e right join clusters c on c.id = e.cluster_id
          and e.deleted_at is null and e.phase <> 'terminated' where c.id = ${row.clusterId}) as has_place
      from (${planUse(row.userId, now)}) as in_use
    ),
    inserted as (
      insert into environments (id, user_id, cluster_id, template_id, name, description, docker_image, port, web_port,
        cpu_millicores, memory_bytes, storage_bytes, sealed_variables, desired, generation, phase, phase_since,
        phase_deadline_at, created_at, updated_at)
      select ${row.id}, ${row.userId}, ${row.clusterId}, ${row.templateId}, ${row.name}, ${row.description},
        ${row.dockerImage}, ${row.port}::int, ${row.webPort}::int, ${sizes.cpu}, ${sizes.memory}, ${sizes.storage},
        ${row.sealedVariables}, ${row.desired}, ${row.generation}::int, ${row.phase},
        ${iso(row.phaseSince)}::timestamptz, ${iso(row.phaseDeadlineAt)}::timestamptz,
        ${iso(row.createdAt)}::timestamptz, ${iso(row.updatedAt)}::timestamptz
      from facts where environments < max_environments and ${isWithinPlan(sizes)} and has_place
      on conflict (user_id, lower(name)) where deleted_at is null do nothing
      returning cluster_id, template_id
    ),
    bumped as (
      update clusters set revision = revision + 1 where id = (select cluster_id from inserted) returning revision
    ),
    counted as (
      update templates set usage_count = usage_count + 1 where id = (select template_id from inserted) returning id
    )
    select facts.*, (select revision from bumped) as revision from facts`;
}

function iso(time: Date | null | undefined): string | null {
  return time?.toISOString() ?? null;
}

export type Settings = Pick<
  EnvironmentRow,
  | "name"
  | "description"
  | "cpuMillicores"
  | "memoryBytes"
  | "storageBytes"
  | "sealedVariables"
  | "pendingRestart"
  | "updatedAt"
>;
export type SettingsChanged = { kind: "changed"; revision: number } | { kind: "name_taken" } | { kind: "outdated" };

/** Writes new settings if the row's settings and lifecycle are still those that were read; else `outdated`. */
export async function changeSettings(db: Database, before: EnvironmentRow, after: Settings): Promise<SettingsChanged> {
  const changed = db.$with("changed").as(
    db
      .update(environments)
      .set(after)
      .where(
        and(
          eq(environments.id, before.id),
          eq(environments.sealedVariables, before.sealedVariables),
          eq(environments.generation, before.generation),
          eq(environments.desired, before.desired),
          eq(environments.name, before.name),
          sql`${environments.description} is not distinct from ${before.description}`,
          eq(environments.cpuMillicores, before.cpuMillicores),
          eq(environments.memoryBytes, before.memoryBytes),
          eq(environments.storageBytes, before.storageBytes),
          isNull(environments.deletedAt),
        ),
      )
      .returning({ clusterId: environments.clusterId }),
  );
  try {
    const [bumped] = await db
      .with(changed)
      .update(clusters)
      .set({ revision: sql`${clusters.revision} + 1` })
      .where(sql`${clusters.id} in (select cluster_id from changed)`)
      .returning({ revision: clusters.revision });
    return bumped === undefined ? { kind: "outdated" } : { kind: "changed", revision: bumped.revision };
  } catch (error) {
    if (sqlErrorIn(error)?.constraint === "environments_user_name_key") return { kind: "name_taken" };
    throw error;
  }
}

/** Notes that its owner looked at or used an environment. */
export async function noteAccess(db: Database, id: string, now: Date): Promise<void> {
  await db.update(environments).set({ lastAccessedAt: now }).where(eq(environments.id, id));
}
