/** Changing an environment's name, description, sizes and variables; the last two wait for the next start. */
import { Failed, type Failure } from "../../rules/failures.ts";
import { act } from "../../rules/lifecycle.ts";
import type { AskedResources } from "../../rules/plans.ts";
import { changeVariables } from "../../rules/variables.ts";
import { changeSettings, type Settings } from "../../store/environments/change.ts";
import { type EnvironmentInFull, findPlan } from "../../store/environments/find.ts";
import { ivBytes, sealVariables } from "../../store/sealing.ts";
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { tellCluster } from "./follow.ts";
import { allowedSizes, requireGoodVariables, sizesOf } from "./settings.ts";
import { type Actor, type Owner, openedVariables, ownEnvironment, type View, viewOf } from "./view.ts";

/** How often the changes are worked out anew because the row was changed meanwhile. */
const maxAttempts = 5;

export interface AskedChanges {
  name?: string | undefined;
  description?: string | undefined;
  resources?: AskedResources | undefined;
  /** null removes a name. */
  variables?: Record<string, string | null> | undefined;
  /** Throws when the environment, as it stands before the change, is not the one that the client has seen. */
  expected?: ((before: View<EnvironmentInFull>) => void) | undefined;
}

/** Applies the changes to the row as it is. Fails with `not_found`, `invalid_state`, `already_exists`, `quota_exceeded`. */
export async function updateEnvironment(
  deps: Deps,
  owner: Actor,
  id: string,
  changes: AskedChanges,
): Promise<View<EnvironmentInFull>> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await ownEnvironment(deps, owner, id);
    const acted = act(before, "update", deps.now());
    if (acted.kind === "refused" || attempt === maxAttempts)
      throw new Failed({ kind: "invalid_state", phase: acted.row.phase, action: "update", allowed: [] });
    changes.expected?.(await viewOf(deps, before));
    const after = await settingsAfter(deps, owner, before, changes);
    const outcome = await changeSettings(deps.db, before, after);
    if (outcome.kind === "name_taken") throw new Failed({ kind: "already_exists", what: "environment", field: "name" });
    if (outcome.kind === "outdated") continue;
    deps.log("info", "environment updated", { environment_id: id, user_id: owner.userId });
    const detail = { changed: Object.entries(changes).flatMap(([name, value]) => (value === undefined ? [] : [name])) };
    audit(deps, { action: "environment.update", actor: owner, target: { kind: "environment", id }, detail });
    tellCluster(deps, before.clusterId, outcome.revision);
    return viewOf(deps, { ...before, ...after });
  }
}

async function settingsAfter(
  deps: Deps,
  owner: Owner,
  before: EnvironmentInFull,
  changes: AskedChanges,
): Promise<Settings> {
  const sizes = await sizesAfter(deps, owner, before, changes.resources);
  const sealedVariables = await variablesAfter(deps, before, changes.variables);
  const needsStart =
    sealedVariables !== before.sealedVariables ||
    sizes.cpuMillicores !== before.cpuMillicores ||
    sizes.memoryBytes !== before.memoryBytes ||
    sizes.storageBytes !== before.storageBytes;
  return {
    ...sizes,
    name: changes.name ?? before.name,
    description: changes.description ?? before.description,
    sealedVariables,
    pendingRestart: before.pendingRestart || (needsStart && before.desired === "running"),
    updatedAt: deps.now(),
  };
}

type Sizes = Pick<Settings, "cpuMillicores" | "memoryBytes" | "storageBytes">;

async function sizesAfter(
  deps: Deps,
  owner: Owner,
  before: EnvironmentInFull,
  asked: AskedResources | undefined,
): Promise<Sizes> {
  const { cpuMillicores, memoryBytes, storageBytes } = before;
  if (asked === undefined) return { cpuMillicores, memoryBytes, storageBytes };
  const plan = await findPlan(deps.db, owner.userId);
  if (plan === null) throw new Failed({ kind: "not_found", what: "user" });
  const sizes = allowedSizes(asked, sizesOf(before), plan);
  if (sizes.storage_bytes < storageBytes) throw new Failed(storageShrinks);
  return {
    cpuMillicores: sizes.cpu_millicores,
    memoryBytes: sizes.memory_bytes,
    storageBytes: sizes.storage_bytes,
  };
}

/** A volume that holds files cannot be made smaller. */
const storageShrinks: Failure = {
  kind: "invalid_input",
  errors: [{ field: "resources.storage", message: "storage can only grow", code: "too_small" }],
};

/** The sealed text after the changes: the same text when nothing changed, so that no restart is asked for. */
async function variablesAfter(
  deps: Deps,
  before: EnvironmentInFull,
  changes: AskedChanges["variables"],
): Promise<string> {
  if (changes === undefined) return before.sealedVariables;
  const current = await openedVariables(deps, before);
  if (current === null) throw new Failed({ kind: "internal" });
  const variables = changeVariables(current, changes);
  requireGoodVariables(variables);
  if (isSame(current, variables)) return before.sealedVariables;
  return sealVariables(deps.config.environmentKeys, before.id, variables, deps.randomBytes(ivBytes));
}

function isSame(one: Record<string, string>, other: Record<string, string>): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => one[name] === other[name]);
}
