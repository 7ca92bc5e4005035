/** Who may do what at an environment, and how guests are shown out when that changes. */
import { environmentIdSchema } from "../../../durable-objects/protocol/vocabulary.ts";
import { Failed } from "../../rules/failures.ts";
import { type Deed, mayDo } from "../../rules/sharing.ts";
import { type EnteredEnvironment, findEntered, rolesOf } from "../../store/sharing/access.ts";
import type { Deps } from "../deps.ts";

export type { EnteredEnvironment };

/** An environment that this person may do this at, or null: nothing tells whether there is one. */
export async function findOpen(deps: Deps, userId: string, id: string, deed: Deed): Promise<EnteredEnvironment | null> {
  if (!environmentIdSchema.safeParse(id).success) return null;
  const row = await findEntered(deps.db, userId, id, deps.now());
  return row !== null && mayDo(row.access.role, deed) ? row : null;
}

/** The same, failing as `not_found`. */
export async function openEnvironment(
  deps: Deps,
  person: { userId: string },
  id: string,
  deed: Deed,
): Promise<EnteredEnvironment> {
  const row = await findOpen(deps, person.userId, id, deed);
  if (row === null) throw new Failed({ kind: "not_found", what: "environment" });
  return row;
}

/**
 * Closes what these people have open at an environment, at every terminal of it, after a change of their rights was
 * committed: who has none left may not dial again, who has another role does so to get it. Fails when an object could
 * not be told.
 */
export async function showOut(deps: Deps, environmentId: string, userIds: readonly string[]): Promise<void> {
  const left = await rolesOf(deps.db, environmentId, userIds, deps.now());
  await Promise.all(
    userIds.map((userId) =>
      deps.objects.user(userId).end({ environmentId }, left.has(userId) ? "accessChanged" : "accessEnded"),
    ),
  );
}
