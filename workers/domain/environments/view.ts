/** An environment as its owner sees it: as it stands now, with its variables opened. */
import type { GuestRole } from "../../../durable-objects/protocol/vocabulary.ts";
import { Failed } from "../../rules/failures.ts";
import { phaseAt } from "../../rules/lifecycle.ts";
import type { Principal } from "../../rules/principal.ts";
import { type EnvironmentInFull, type EnvironmentInList, findEnvironment } from "../../store/environments/find.ts";
import { openVariables, type Variables } from "../../store/sealing.ts";
import type { Deps } from "../deps.ts";

export type { EnvironmentInFull, EnvironmentInList };

/** Who asks; nothing else of a principal matters to most use cases. */
export type Owner = Pick<Principal, "userId">;

/** Who does something that the audit log tells of. */
export type Actor = Pick<Principal, "userId" | "scopes" | "sessionId">;

export interface View<Row extends EnvironmentInList = EnvironmentInList> {
  row: Row;
  variables: Variables;
  /** What who asks is here, if not its owner. */
  guest?: { role: GuestRole; owner: { id: string; username: string } };
}

/** The owner's environment as it is stored, or the failure that says nothing about other people's ids. */
export async function ownEnvironment(deps: Deps, owner: Owner, id: string): Promise<EnvironmentInFull> {
  const row = await findEnvironment(deps.db, owner.userId, id);
  if (row === null) throw new Failed({ kind: "not_found", what: "environment" });
  return row;
}

/** Adds the variables, and lets a passed deadline count. */
export async function viewOf<Row extends EnvironmentInList>(deps: Deps, row: Row): Promise<View<Row>> {
  return { row: phaseAt(row, deps.now()), variables: (await openedVariables(deps, row)) ?? {} };
}

/**
 * The plaintext, or null when no live key opens it: lists and the bridge then go on without, so that one lost key
 * does not hide a whole list; a change of the variables is refused by its caller.
 */
export async function openedVariables(
  deps: Deps,
  row: { id: string; sealedVariables: string },
): Promise<Variables | null> {
  const opened = await openVariables(deps.config.environmentKeys, row.id, row.sealedVariables);
  if (opened.ok) return opened.variables;
  deps.log("error", "variables could not be opened", { environment_id: row.id, reason: opened.reason });
  return null;
}
