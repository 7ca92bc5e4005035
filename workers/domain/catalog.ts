/** What can be created and where, as people see it: templates and the clusters they may use. */
import { Failed } from "../rules/failures.ts";
import {
  type ClusterUse,
  countByCategory,
  findCluster,
  listClusters,
  listTemplates,
  type TemplateFilter,
  type TemplateRow,
  templateNamed,
} from "../store/catalog.ts";
import type { Deps } from "./deps.ts";
import type { Owner } from "./environments/view.ts";

export type { ClusterUse, TemplateFilter, TemplateRow };

/** A page of templates and how many match. One round trip. */
export function readTemplates(deps: Deps, filter: TemplateFilter, page: Parameters<typeof listTemplates>[2]) {
  return listTemplates(deps.db, filter, page);
}

/** How many templates each category has. */
export function readCategories(deps: Deps) {
  return countByCategory(deps.db);
}

/** The template that goes by this slug, alias or display name, or `not_found`. */
export async function readTemplate(deps: Deps, name: string): Promise<TemplateRow> {
  const [template] = await templateNamed(deps.db, name);
  if (template === undefined) throw new Failed({ kind: "not_found", what: "template" });
  return template;
}

/** A bridge speaks at least once a minute. */
const silentAfterMs = 150_000;

export interface ClusterView extends ClusterUse {
  health: "healthy" | "unhealthy" | "unknown";
}

/** The clusters this user may use. */
export async function readClusters(deps: Deps, owner: Owner): Promise<ClusterView[]> {
  const rows = await listClusters(deps.db, owner.userId);
  return rows.map((row) => ({ ...row, health: healthOf(row, deps.now()) }));
}

/** One of them, or `not_found`. */
export async function readCluster(deps: Deps, owner: Owner, id: string): Promise<ClusterView> {
  const row = await findCluster(deps.db, owner.userId, id);
  if (row === null) throw new Failed({ kind: "not_found", what: "cluster" });
  return { ...row, health: healthOf(row, deps.now()) };
}

/** Told by what the cluster's bridges last said; a cluster that never spoke is unknown, not ill. */
function healthOf(row: ClusterUse, now: Date): ClusterView["health"] {
  if (row.lastSeenAt === null) return "unknown";
  return now.getTime() - row.lastSeenAt.getTime() <= silentAfterMs ? "healthy" : "unhealthy";
}
