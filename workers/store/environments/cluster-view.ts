/** An environment as its cluster's bridge and the sweep see it: what is desired, and the rows a report may move. */
import { and, asc, eq, inArray, lte, ne, sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { plans, users } from "../schema/accounts.ts";
import { clusters, templates } from "../schema/catalog.ts";
import { environments } from "../schema/environments.ts";
import type { EnvironmentRow } from "./find.ts";

export interface DesiredRow extends EnvironmentRow {
  startupCommands: string[];
  needsRoot: boolean;
  /** What the owner's plan allows. */
  plan: { maxEnvironments: number; maxCpuMillicores: number; maxMemoryBytes: number; maxStorageBytes: number };
}

/** Looked up owner by owner: a join would have all people read for the few of one cluster. */
const planIdOfOwner = sql`(select ${users.planId} from ${users} where ${users.id} = ${environments.userId})`;

/** Everything a cluster should hold or let go of: all that is not terminated, by id. */
export async function listDesired(db: Database, clusterId: string): Promise<DesiredRow[]> {
  const found = await db
    .select({
      environment: environments,
      ofTemplate: { startupCommands: templates.startupCommands, needsRoot: templates.needsRoot },
      plan: {
        maxEnvironments: plans.maxEnvironments,
        maxCpuMillicores: plans.maxCpuMillicores,
        maxMemoryBytes: plans.maxMemoryBytes,
        maxStorageBytes: plans.maxStorageBytes,
      },
    })
    .from(environments)
    .innerJoin(templates, eq(templates.id, environments.templateId))
    .innerJoin(plans, eq(plans.id, planIdOfOwner))
    .where(alive(clusterId))
    .orderBy(asc(environments.id));
  return found.map(({ environment, ofTemplate, plan }) => ({ ...environment, ...ofTemplate, plan }));
}

/** The lifecycle columns of one environment. */
export type LifecycleRow = Pick<
  EnvironmentRow,
  | "id"
  | "userId"
  | "clusterId"
  | "desired"
  | "generation"
  | "phase"
  | "statusMessage"
  | "phaseReason"
  | "phaseSince"
  | "phaseDeadlineAt"
  | "installationCompleted"
  | "pendingRestart"
>;
/** What is selected for a LifecycleRow. */
export const lifecycleColumns = {
  id: environments.id,
  userId: environments.userId,
  clusterId: environments.clusterId,
  desired: environments.desired,
  generation: environments.generation,
  phase: environments.phase,
  statusMessage: environments.statusMessage,
  phaseReason: environments.phaseReason,
  phaseSince: environments.phaseSince,
  phaseDeadlineAt: environments.phaseDeadlineAt,
  installationCompleted: environments.installationCompleted,
  pendingRestart: environments.pendingRestart,
};

/** The rows of a cluster that a report can move. */
export async function listMovable(db: Database, clusterId: string): Promise<LifecycleRow[]> {
  return db.select(lifecycleColumns).from(environments).where(alive(clusterId));
}

function alive(clusterId: string) {
  return and(eq(environments.clusterId, clusterId), ne(environments.phase, "terminated"));
}

/** Rows whose waiting phase is over at `now`, the longest overdue first. */
export async function listOverdue(db: Database, now: Date, limit: number): Promise<LifecycleRow[]> {
  return db
    .select(lifecycleColumns)
    .from(environments)
    .where(lte(environments.phaseDeadlineAt, now))
    .orderBy(asc(environments.phaseDeadlineAt))
    .limit(limit);
}

/** Notes that a cluster's bridge spoke, and for which runtime; answers the revision of what is desired there. */
export async function noteBridge(db: Database, clusterId: string, runtime: string | null, now: Date): Promise<number> {
  const [row] = await db
    .update(clusters)
    .set({ lastSeenAt: now, ...(runtime === null ? {} : { runtime }) })
    .where(eq(clusters.id, clusterId))
    .returning({ revision: clusters.revision });
  return row?.revision ?? 0;
}

/** Removes up to `limit` environments that were terminated before `before`, their samples with them. */
export async function purgeTerminated(db: Database, before: Date, limit: number): Promise<number> {
  const old = db
    .select({ id: environments.id })
    .from(environments)
    .where(and(eq(environments.phase, "terminated"), lte(environments.phaseSince, before)))
    .limit(limit);
  const purged = await db.delete(environments).where(inArray(environments.id, old)).returning({ id: sql`1` });
  return purged.length;
}
