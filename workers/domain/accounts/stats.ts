/** Use case: the numbers of one's own account. */
import { type Status, statuses, statusOf } from "../../../durable-objects/protocol/vocabulary.ts";
import type { Principal } from "../../rules/principal.ts";
import { type AccountStats, readAccountStats } from "../../store/account-stats.ts";
import type { Deps } from "../deps.ts";

const recentCount = 10;

export interface OwnStats {
  totalEnvironments: number;
  environmentsByStatus: Record<Status, number>;
  activeSessions: number;
  recent: AccountStats["recent"];
}

/** Counts environments by the status people see. */
export async function readOwnStats(deps: Deps, principal: Principal): Promise<OwnStats> {
  const stats = await readAccountStats(deps.db, principal.userId, deps.now(), recentCount);
  const environmentsByStatus = Object.fromEntries(statuses.map((status) => [status, 0])) as Record<Status, number>;
  for (const { phase, total } of stats.environmentsByPhase) environmentsByStatus[statusOf(phase)] += total;
  const totalEnvironments = Object.values(environmentsByStatus).reduce((sum, total) => sum + total, 0);
  return { totalEnvironments, environmentsByStatus, activeSessions: stats.activeSessions, recent: stats.recent };
}
