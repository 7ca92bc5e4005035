/**
 * The audit log: what was done to accounts, environments, clusters and rights, by whom, and with which outcome. A row
 * is written after the answer; one that cannot be written is logged whole, so that it is not lost.
 */
import { rootCause } from "../rules/failures.ts";
import type { Principal } from "../rules/principal.ts";
import { countDenial, insertAuditEvent } from "../store/audit.ts";
import type { Deps } from "./deps.ts";

/** Everything that is audited, `noun.verb`. */
export type AuditAction =
  | `account.${"register" | "verify" | "change" | "delete" | "disable" | "enable" | "unlock" | "lock"}`
  | `account.${"change_role" | "change_plan" | "link_google"}`
  | `password.${"change" | "request_reset" | "reset"}`
  | `session.${"create" | "end" | "end_all" | "end_others" | "replay"}`
  | `token.${"create" | "revoke"}`
  | `environment.${"create" | "update" | "start" | "stop" | "restart" | "recover" | "delete" | "extend" | "auto_stop"}`
  | `template.${"create" | "update" | "deprecate" | "initialize"}`
  | `cluster.${"create" | "update" | "delete" | "grant" | "revoke"}`
  | `bridge_token.${"issue" | "rotate" | "revoke"}`
  | `plan.${"update"}`
  | `file.${"write" | "make_directory" | "move" | "remove" | "unpack"}`
  | `share.${"create" | "change" | "revoke" | "accept" | "leave" | "remove_guest"}`
  | `audit.${"export"}`;

export interface AuditEvent {
  action: AuditAction;
  outcome?: "ok" | "failed" | "denied";
  /** Who acted; left out = nobody is signed in. */
  actor?: Pick<Principal, "userId" | "scopes" | "sessionId"> | { kind: "system" | "bridge"; id: string | null };
  target?: {
    kind: "user" | "session" | "token" | "environment" | "template" | "cluster" | "bridge_token" | "plan";
    id: string;
  };
  /** Facts for people; never a password, token, code or variable. */
  detail?: Record<string, unknown>;
}

/** Writes one row after the answer was sent. */
export function audit(deps: Deps, event: AuditEvent): void {
  const { actorId, actorKind } = actorOf(event.actor);
  const row = {
    at: deps.now(),
    actorId,
    actorKind,
    action: event.action,
    targetKind: event.target?.kind ?? null,
    targetId: event.target?.id ?? null,
    outcome: event.outcome ?? "ok",
    address: deps.address,
    requestId: deps.requestId,
    detail: event.detail ?? {},
  } as const;
  deps.waitUntil(
    insertAuditEvent(deps.db, row).catch((error: unknown) => {
      deps.log("error", "audit row was not written", { audit: JSON.stringify(row), error: rootCause(error).message });
    }),
  );
}

/** Counts a refusal for its actor, route and minute. */
export function auditDenial(deps: Deps, denied: { actorId: string | null; route: string; code: string }): void {
  const minute = new Date(Math.floor(deps.now().getTime() / 60_000) * 60_000);
  const denial = {
    minute,
    actor: denied.actorId ?? `address:${deps.address ?? "unknown"}`,
    route: denied.route,
    code: denied.code,
    lastAddress: deps.address,
    lastRequestId: deps.requestId,
  };
  deps.waitUntil(
    countDenial(deps.db, denial).catch((error: unknown) => {
      deps.log("error", "denial was not counted", { audit: JSON.stringify(denial), error: rootCause(error).message });
    }),
  );
}

function actorOf(actor: AuditEvent["actor"]) {
  if (actor === undefined) return { actorId: null, actorKind: "anonymous" } as const;
  if ("kind" in actor) return { actorId: actor.id, actorKind: actor.kind } as const;
  return { actorId: actor.userId, actorKind: actor.scopes === null ? "user" : "token" } as const;
}
