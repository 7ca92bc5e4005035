/** Who may do what at an environment, and how guests are shown out when that changes. */
import type { CloseName } from "../../../durable-objects/protocol/closes.ts";
import { environmentIdSchema } from "../../../durable-objects/protocol/vocabulary.ts";
import { Failed, rootCause } from "../../rules/failures.ts";
import { type Deed, mayDo } from "../../rules/sharing.ts";
import { type EnteredEnvironment, findEntered, rolesOf } from "../../store/sharing/access.ts";
import { endOf } from "../../store/sharing/former.ts";
import { noteGuestsOf, noteTold, type UntoldGuest } from "../../store/sharing/untold.ts";
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

/** What a socket to an environment that is not open to somebody (any more) is closed with. */
export async function closeFor(deps: Deps, userId: string, id: string): Promise<CloseName> {
  const end = environmentIdSchema.safeParse(id).success ? await endOf(deps.db, userId, id) : null;
  return end === null ? "environmentNotFound" : end === "deleted" ? "environmentDeleted" : "accessEnded";
}

/**
 * Closes what these people have open at an environment, at every terminal of it, after a change of their rights was
 * committed: who has none left may not dial again, who has another role does so to get it. Who was told is no longer
 * noted as untold. Fails when somebody's object could not be told.
 */
export async function showOut(deps: Deps, environmentId: string, userIds: readonly string[]): Promise<void> {
  const since = deps.now();
  const left = await rolesOf(deps.db, environmentId, userIds, since);
  const ends = await Promise.allSettled(
    userIds.map((userId) =>
      deps.objects.user(userId).end({ environmentId }, left.has(userId) ? "accessChanged" : "accessEnded"),
    ),
  );
  const told = userIds.filter((_, at) => ends[at]?.status === "fulfilled");
  await noteTold(deps.db, environmentId, { userIds: told, since });
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

/** The same for every guest of an owner, after what they were given has ended with that account. */
export async function showOutGuestsOf(deps: Deps, ownerId: string): Promise<void> {
  const guests = await noteGuestsOf(deps.db, ownerId, deps.now());
  deps.waitUntil(showOutAll(deps, guests));
}

/** Shows out whoever is noted as untold. What fails is logged, and stays noted for the next sweep. */
export async function showOutAll(deps: Deps, guests: readonly UntoldGuest[]): Promise<void> {
  const atEach = Map.groupBy(guests, ({ environmentId }) => environmentId);
  const ends = [...atEach].map(([environmentId, them]) => {
    const userIds = them.map(({ userId }) => userId);
    return orLog(deps, environmentId, showOut(deps, environmentId, userIds));
  });
  await Promise.all(ends);
}

/** What goes wrong after the answer is logged. */
export function orLog(deps: Deps, environmentId: string, work: Promise<void>): Promise<void> {
  return work.catch((error: unknown) => {
    const reason = rootCause(error).message;
    deps.log("error", "sockets of guests may be open", { environment_id: environmentId, error: reason });
  });
}
