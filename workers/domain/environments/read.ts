/** Reading environments: the list and one in full. */
import { type Phase, phases, type Status, statuses, statusOf } from "../../../durable-objects/protocol/vocabulary.ts";
import { Failed } from "../../rules/failures.ts";
import { phaseAt } from "../../rules/lifecycle.ts";
import { hasScope, type Principal } from "../../rules/principal.ts";
import { noteAccess } from "../../store/environments/change.ts";
import {
  type EnvironmentInFull,
  type ForeignEnvironment,
  listAllEnvironments,
  listEnvironments,
} from "../../store/environments/find.ts";
import type { Deps } from "../deps.ts";
import { openEnvironment } from "../sharing/access.ts";
import { type Owner, type View, viewOf } from "./view.ts";

export interface AskedPage {
  /** A status or a phase; `running` and the like mean the status, which covers more. */
  status?: Status | Phase | undefined;
  templateId?: string | undefined;
  clusterId?: string | undefined;
  limit: number;
  offset: number;
}

/** A page of the owner's environments, newest first, and how many there are. One round trip. */
export async function readEnvironments(
  deps: Deps,
  owner: Owner,
  page: AskedPage,
): Promise<{ views: View[]; total: number }> {
  const { rows, total } = await listEnvironments(deps.db, owner.userId, filterOf(deps, page), page);
  return { views: await Promise.all(rows.map((row) => viewOf(deps, row))), total };
}

/**
 * A page of everybody's environments with their owners, for administrators; variables are shown to their owner only.
 * Fails as `admin_required`, or `insufficient_scope` for a personal token that was not made for it. One round trip.
 */
export async function readAllEnvironments(
  deps: Deps,
  admin: Principal,
  page: AskedPage & { userId?: string | undefined },
): Promise<{ views: View<ForeignEnvironment>[]; total: number }> {
  if (!hasScope(admin, "admin")) throw new Failed({ kind: "insufficient_scope", scope: "admin" });
  if (admin.role !== "admin") throw new Failed({ kind: "admin_required" });
  const filter = { ...filterOf(deps, page), userId: page.userId };
  const { rows, total } = await listAllEnvironments(deps.db, filter, page);
  return { views: rows.map((row) => ({ row: phaseAt(row, deps.now()), variables: {} })), total };
}

function filterOf(deps: Deps, { status, templateId, clusterId }: AskedPage) {
  const phases = status === undefined ? undefined : phasesNamed(status);
  return { now: deps.now(), templateId, clusterId, phases };
}

function phasesNamed(name: Status | Phase): Phase[] {
  const isStatus = (statuses as readonly string[]).includes(name);
  return phases.filter((phase) => (isStatus ? statusOf(phase) === name : phase === name));
}

/** When an environment was last looked at is written no more often than this. */
const noteAccessAfterMs = 60_000;

/**
 * One environment in full, for its owner or a guest, who sees nothing that is its owner's. That its owner looked at it is
 * noted once the answer is on its way.
 */
export async function readEnvironment(
  deps: Deps,
  person: { userId: string },
  id: string,
): Promise<View<EnvironmentInFull>> {
  const { access, owner, ...row } = await openEnvironment(deps, person, id, "look");
  if (access.role !== "owner") {
    return { row: phaseAt(withoutOwn(row), deps.now()), variables: {}, guest: { role: access.role, owner } };
  }
  const now = deps.now();
  const isNoted = row.lastAccessedAt !== null && now.getTime() - row.lastAccessedAt.getTime() < noteAccessAfterMs;
  if (!isNoted) deps.waitUntil(noteAccess(deps.db, row.id, now));
  return viewOf(deps, row);
}

/** What an owner notes and where they were last is theirs; so is where their program is served. */
function withoutOwn(row: EnvironmentInFull): EnvironmentInFull {
  return { ...row, sealedVariables: "", description: null, externalUrl: null, lastAccessedAt: null, autoStopAt: null };
}
