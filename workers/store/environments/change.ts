/** Writes of what people ask for: a new environment within the plan, changed settings, the last time of use. */
import { and, eq, isNull, sql } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";
import { sqlErrorIn } from "../database.ts";
import { clusters } from "../schema/catalog.ts";
import { environments } from "../schema/environments.ts";
import type { EnvironmentRow } from "./find.ts";

export type NewEnvironment = typeof environments.$inferInsert;

export type Inserted =
  | { kind: "inserted"; revision: number }
  | { kind: "over_plan"; limit: number }
  | { kind: "cluster_full" }
  | { kind: "name_taken" };

const outcomeSchema = z.object({
  allowed: z.coerce.number(),
  used: z.coerce.number(),
  has_place: z.boolean(),
  revision: z.coerce.number().nullable(),
});

/**
 * Inserts an environment unless the user's plan or the cluster is full or the name is in use. The user's row is
 * locked first and, in the same transaction and round trip, the counting statement follows: it begins after the
 * lock is held and so sees every row of those who held it before. (A single statement would count with the
 * snapshot it took before it waited.)
 */
export async function insertEnvironment(db: Database, row: NewEnvironment): Promise<Inserted> {
  const [, result] = await db.batch([
    db.execute(sql`select id from users where id = ${row.userId} for update`),
    db.execute(insertWithinLimits(row)),
  ]);
  const outcome = outcomeSchema.parse(result.rows[0]);
  if (outcome.revision !== null) return { kind: "inserted", revision: outcome.revision };
  if (outcome.used >= outcome.allowed) return { kind: "over_plan", limit: outcome.allowed };
  return { kind: outcome.has_place ? "name_taken" : "cluster_full" };
}

function insertWithinLimits(row: NewEnvironment) {
  return sql`
    with facts as (
      select p.max_environments as allowed,
        (select count(*) from environments where user_id = u.id and deleted_at is null) as used,
        (select count(e.id) < max(c.max_environments) from environments e right join clusters c on c.id = e.cluster_id
          and e.deleted_at is null and e.phase <> 'terminated' where c.id = ${row.clusterId}) as has_place
      from users u join plans p on p.id = u.plan_id where u.id = ${row.userId}
    ),
    inserted as (
      insert into environments (id, user_id, cluster_id, template_id, name, description, docker_image, port, web_port,
        cpu_millicores, memory_bytes, storage_bytes, sealed_variables, desired, generation, phase, phase_since,
        phase_deadline_at, created_at, updated_at)
      select ${row.id}, ${row.userId}, ${row.clusterId}, ${row.templateId}, ${row.name}, ${row.description},
        ${row.dockerImage}, ${row.port}::int, ${row.webPort}::int, ${row.cpuMillicores}::int,
        ${row.memoryBytes}::bigint, ${row.storageBytes}::bigint, ${row.sealedVariables}, ${row.desired},
        ${row.generation}::int, ${row.phase}, ${iso(row.phaseSince)}::timestamptz,
        ${iso(row.phaseDeadlineAt)}::timestamptz, ${iso(row.createdAt)}::timestamptz, ${iso(row.updatedAt)}::timestamptz
      from facts where used < allowed and has_place
      on conflict (user_id, lower(name)) where deleted_at is null do nothing
      returning cluster_id, template_id
    ),
    bumped as (
      update clusters set revision = revision + 1 where id = (select cluster_id from inserted) returning revision
    ),
    counted as (
      update templates set usage_count = usage_count + 1 where id = (select template_id from inserted) returning id
    )
    select allowed, used, has_place, (select revision from bumped) as revision from facts`;
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
