/** Use case: a person leaves. Their environments go, their sessions end, and what is left of them names nobody. */
import { Failed } from "../../rules/failures.ts";
import type { Principal } from "../../rules/principal.ts";
import { anonymizeAccount } from "../../store/accounts.ts";
import { listEnvironments } from "../../store/environments/find.ts";
import { stepDown } from "../../store/people.ts";
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { deleteEnvironment } from "../environments/act.ts";
import { confirmPassword } from "./profile.ts";
import { endSockets } from "./sessions.ts";

/** A sign-in this young proves as much as a password. */
const freshSignInMs = 15 * 60_000;
const pageSize = 100;

/**
 * Wants the password, or a session begun within 15 minutes; fails as `wrong_current_password` or
 * `reauthentication_required`, and as `last_admin` for the last administrator. Environments go first, so that whoever is left by a failure can try again, and once
 * more at the end for one that was made meanwhile.
 */
export async function leave(
  deps: Deps,
  principal: Principal,
  proof: { password: string | undefined; address: string },
): Promise<void> {
  const event = {
    action: "account.delete",
    actor: principal,
    target: { kind: "user", id: principal.userId },
  } as const;
  await requireProof(deps, principal, proof).catch((error: unknown) => {
    audit(deps, { ...event, outcome: "failed" });
    throw error;
  });
  if (principal.role === "admin" && !(await stepDown(deps.db, principal.userId, deps.now()))) {
    throw new Failed({ kind: "last_admin" });
  }
  await deleteEnvironments(deps, principal);
  await anonymizeAccount(deps.db, principal.userId, deps.now());
  await deleteEnvironments(deps, principal);
  endSockets(deps, principal.userId, "all");
  audit(deps, event);
  deps.log("info", "account deleted", { user_id: principal.userId });
}

async function requireProof(
  deps: Deps,
  principal: Principal,
  { password, address }: { password: string | undefined; address: string },
): Promise<void> {
  if (password !== undefined) return confirmPassword(deps, principal, password, address);
  const ageMs = deps.now().getTime() - principal.signedInAt.getTime();
  if (ageMs > freshSignInMs) throw new Failed({ kind: "reauthentication_required" });
}

async function deleteEnvironments(deps: Deps, principal: Principal): Promise<void> {
  for (;;) {
    const page = { limit: pageSize, offset: 0 };
    const { rows } = await listEnvironments(deps.db, principal.userId, { now: deps.now() }, page);
    if (rows.length === 0) return;
    for (const { id } of rows) await deleteEnvironment(deps, principal, id, true);
  }
}
