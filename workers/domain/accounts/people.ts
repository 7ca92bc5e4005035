/**
 * Use cases of administrators over people: look, change role and plan, disable and enable, unlock. Disabling leaves
 * sessions and tokens in place: they are dead while it lasts and live again after it.
 */
import { Failed } from "../../rules/failures.ts";
import type { Principal } from "../../rules/principal.ts";
import { sqlErrorIn } from "../../store/database.ts";
import { forgetAttempts } from "../../store/login-attempts.ts";
import {
  changePerson,
  findPerson,
  listPeople,
  type PeopleFilter,
  type PersonChange,
  type PersonRow,
} from "../../store/people.ts";
import { type AuditAction, audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { tellClusters } from "../environments/follow.ts";
import { showOutGuestsOf } from "../sharing/access.ts";
import { endSockets } from "./sessions.ts";

export type { PeopleFilter, PersonChange, PersonRow };

/** SQLSTATE of a reference to a row that is not there. */
const foreignKeyViolation = "23503";

/** A page of people, newest first. One round trip. */
export function readPeople(
  deps: Deps,
  asked: PeopleFilter & { limit: number; offset: number },
): Promise<{ rows: PersonRow[]; total: number }> {
  return listPeople(deps.db, asked, asked, deps.now());
}

/** Fails as `not_found`; somebody who left is not found either. */
export async function readPerson(deps: Deps, id: string): Promise<PersonRow> {
  const person = await findPerson(deps.db, id, deps.now());
  if (person === null) throw new Failed({ kind: "not_found", what: "user" });
  return person;
}

/**
 * Changes role, plan or whether somebody may act at all; it counts from their next request, and the sockets of
 * whoever is disabled close, and those of their guests. Fails as `own_account`, `last_admin`, `not_found`, or `invalid_input` for an unknown plan.
 */
export async function administerPerson(
  deps: Deps,
  admin: Principal,
  id: string,
  change: PersonChange,
): Promise<PersonRow> {
  const isDemotion = change.role === "user" || change.isActive === false;
  if (id === admin.userId && isDemotion) throw new Failed({ kind: "own_account" });
  const outcome = await changePerson(deps.db, id, change, deps.now()).catch(refuseUnknownPlan);
  if (outcome.kind !== "changed") throw outcomeFailure(outcome.kind);
  tellClusters(deps, outcome.outdated);
  auditChange(deps, admin, id, outcome.before, change);
  if (change.isActive === false) await shutOut(deps, id);
  return readPerson(deps, id);
}

/** Forgets the wrong passwords of this account, those from known devices too. Fails as `not_found`. */
export async function unlockPerson(deps: Deps, admin: Principal, id: string): Promise<PersonRow> {
  await readPerson(deps, id);
  await forgetAttempts(deps.db, id);
  audit(deps, { action: "account.unlock", actor: admin, target: { kind: "user", id } });
  return readPerson(deps, id);
}

async function shutOut(deps: Deps, id: string): Promise<void> {
  endSockets(deps, id, "all");
  await showOutGuestsOf(deps, id);
}

function auditChange(
  deps: Deps,
  admin: Principal,
  id: string,
  before: Required<PersonChange>,
  { role, plan, isActive }: PersonChange,
): void {
  const note = (action: AuditAction, from: unknown, to: unknown) => {
    if (to === undefined || from === to) return;
    audit(deps, { action, actor: admin, target: { kind: "user", id }, detail: { from, to } });
  };
  note("account.change_role", before.role, role);
  note("account.change_plan", before.plan, plan);
  note(isActive ? "account.enable" : "account.disable", before.isActive, isActive);
}

function outcomeFailure(kind: "not_found" | "last_admin"): Failed {
  return new Failed(kind === "last_admin" ? { kind } : { kind, what: "user" });
}

function refuseUnknownPlan(error: unknown): never {
  if (sqlErrorIn(error)?.code !== foreignKeyViolation) throw error;
  const errors = [{ field: "subscription_plan", message: "There is no plan of this name", code: "unknown_plan" }];
  throw new Failed({ kind: "invalid_input", errors }, { cause: error });
}
