/** Creating an environment: the template by any of its names, sizes within the plan, then wait for it to run. */
import { Failed, type Failure } from "../../rules/failures.ts";
import { newLifecycle } from "../../rules/lifecycle.ts";
import type { AskedResources } from "../../rules/plans.ts";
import type { Principal } from "../../rules/principal.ts";
import { quotaRefusal } from "../../rules/quotas.ts";
import { type Inserted, insertEnvironment, type NewEnvironment } from "../../store/environments/change.ts";
import { type CreationFacts, type EnvironmentInFull, findCreationFacts } from "../../store/environments/find.ts";
import { ivBytes, sealVariables } from "../../store/sealing.ts";
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { beginCreation } from "../limits.ts";
import { tellCluster, waitUntilSettled } from "./follow.ts";
import { allowedSizes, requireGoodVariables, sizesOf } from "./settings.ts";
import { type View, viewOf } from "./view.ts";

export interface AskedEnvironment {
  name: string;
  /** Slug, alias or display name of a template. */
  template: string;
  description: string | null;
  clusterId: string | undefined;
  resources: AskedResources;
  variables: Record<string, string>;
}

type KnownFacts = { [name in keyof CreationFacts]: NonNullable<CreationFacts[name]> };

/**
 * Creates an environment and waits up to the configured time for its shell; answers what is true then. Fails with
 * `email_not_verified`, `too_many_requests`, `not_found` (template, cluster), `quota_exceeded`, `already_exists`, `cluster_full`,
 * `cluster_closed`.
 */
export async function createEnvironment(
  deps: Deps,
  owner: Principal,
  asked: AskedEnvironment,
): Promise<View<EnvironmentInFull>> {
  if (!owner.isVerified) throw new Failed({ kind: "email_not_verified" });
  const creation = await beginCreation(deps, owner.userId);
  const { row, revision } = await insert(deps, owner, asked).catch(async (error: unknown) => {
    await creation.giveBack();
    throw error;
  });
  const ids = { environment_id: row.id, user_id: owner.userId, cluster_id: row.clusterId };
  deps.log("info", "environment created", { ...ids, phase: row.phase });
  const detail = { name: row.name, template: row.templateId, cluster: row.clusterId };
  audit(deps, { action: "environment.create", actor: owner, target: { kind: "environment", id: row.id }, detail });
  tellCluster(deps, row.clusterId, revision);
  return viewOf(deps, await waitUntilSettled(deps, owner, row.id));
}

async function insert(deps: Deps, owner: Principal, asked: AskedEnvironment) {
  const facts = await factsFor(deps, owner, asked);
  const row = await newRow(deps, owner.userId, asked, facts);
  const inserted = await insertEnvironment(deps.db, row, deps.now());
  if (inserted.kind === "refused") throw new Failed(refusalOf(row, inserted));
  return { row, revision: inserted.revision };
}

async function factsFor(deps: Deps, owner: Principal, asked: AskedEnvironment): Promise<KnownFacts> {
  const { template, cluster, plan } = await findCreationFacts(deps.db, {
    userId: owner.userId,
    template: asked.template,
    clusterId: asked.clusterId,
    fallbackCluster: deps.config.clusterName,
  });
  if (template === null || template.status === "deprecated") throw new Failed({ kind: "not_found", what: "template" });
  if (cluster === null) throw new Failed({ kind: "not_found", what: "cluster" });
  if (cluster.status !== "active") throw new Failed({ kind: "cluster_closed", status: cluster.status });
  if (plan === null) throw new Failed({ kind: "not_found", what: "user" });
  return { template, cluster, plan };
}

async function newRow(
  deps: Deps,
  userId: string,
  asked: AskedEnvironment,
  { template, cluster, plan }: KnownFacts,
): Promise<NewEnvironment> {
  const sizes = allowedSizes(asked.resources, sizesOf(template), plan);
  const variables = { ...template.environmentVariables, ...asked.variables };
  requireGoodVariables(variables);
  const id = deps.newId("env");
  const now = deps.now();
  return {
    ...newLifecycle(now),
    id,
    userId,
    clusterId: cluster.id,
    templateId: template.id,
    name: asked.name,
    description: asked.description,
    dockerImage: template.dockerImage,
    port: template.defaultPort,
    webPort: template.defaultPort,
    cpuMillicores: sizes.cpu_millicores,
    memoryBytes: sizes.memory_bytes,
    storageBytes: sizes.storage_bytes,
    sealedVariables: await sealVariables(deps.config.environmentKeys, id, variables, deps.randomBytes(ivBytes)),
    createdAt: now,
    updatedAt: now,
  };
}

function refusalOf(row: NewEnvironment, { use, hasPlace }: Extract<Inserted, { kind: "refused" }>): Failure {
  const refusal = quotaRefusal(use, sizesOf(row), true);
  if (refusal !== null) return refusal;
  return hasPlace ? { kind: "already_exists", what: "environment", field: "name" } : { kind: "cluster_full" };
}
