/** Whether and where somebody could make an environment of a template right now, and what stands in the way. */
import type { Resources } from "../../../durable-objects/protocol/bridge-api.ts";
import { Failed } from "../../rules/failures.ts";
import { sizeWithinPlan } from "../../rules/plans.ts";
import type { Principal } from "../../rules/principal.ts";
import { findPlan } from "../../store/environments/find.ts";
import type { Deps } from "../deps.ts";
import { sizesOf } from "../environments/settings.ts";
import { type ClusterView, readClusters } from "./clusters.ts";
import { readTemplate, type TemplateRow } from "./templates.ts";

export type Obstacle =
  | "template_deprecated"
  | "no_cluster"
  | "cluster_closed"
  | "cluster_full"
  | "bridge_silent"
  | "bridge_missing";

export interface Compatibility {
  template: TemplateRow;
  /** Empty = an environment can be made. */
  obstacles: Obstacle[];
  /** What it would get when nothing is asked for. */
  resources: Resources;
  /** Whether that is what the template was made for: a smaller plan gets a smaller environment. */
  fitsPlan: boolean;
  clusters: { cluster: ClusterView; obstacles: Obstacle[] }[];
}

/** Fails as `not_found` for an unknown template. */
export async function readCompatibility(deps: Deps, person: Principal, name: string): Promise<Compatibility> {
  const [template, clusters, plan] = await Promise.all([
    readTemplate(deps, name),
    readClusters(deps, person),
    findPlan(deps.db, person.userId),
  ]);
  if (plan === null) throw new Failed({ kind: "not_found", what: "user" });
  const wanted = sizesOf(template);
  const sized = sizeWithinPlan({}, wanted, plan);
  const resources = sized.ok ? sized.resources : wanted;
  const judged = clusters.map((cluster) => ({ cluster, obstacles: obstaclesOf(cluster) }));
  const hasCluster = judged.some(({ obstacles }) => obstacles.length === 0);
  const obstacles: Obstacle[] = template.status === "deprecated" ? ["template_deprecated"] : [];
  if (!hasCluster) obstacles.push("no_cluster");
  const fitsPlan = JSON.stringify(resources) === JSON.stringify(wanted);
  return { template, obstacles, resources, fitsPlan, clusters: judged };
}

function obstaclesOf(cluster: ClusterView): Obstacle[] {
  const health = { healthy: [], unhealthy: ["bridge_silent"], unknown: ["bridge_missing"] } as const;
  return [
    ...(cluster.status === "active" ? [] : (["cluster_closed"] as const)),
    ...(cluster.environments < cluster.maxEnvironments ? [] : (["cluster_full"] as const)),
    ...health[cluster.health],
  ];
}
