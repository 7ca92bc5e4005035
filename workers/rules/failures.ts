/**
 * Everything that is expected to go wrong, as tagged arms with their evidence. The domain throws `Failed`;
 * workers/http/problems.ts maps each arm to HTTP, and a new arm does not compile until it is mapped there.
 */
import type { FileFailure } from "../../durable-objects/protocol/files.ts";
import type { Phase } from "../../durable-objects/protocol/vocabulary.ts";
import type { Scope } from "./principal.ts";

export interface FieldError {
  field: string;
  message: string;
  code: string;
  /** Where in a text that people wrote, both from 1. */
  line?: number;
  column?: number;
}

export type QuotaName = "environments" | "cpu" | "memory" | "storage" | "running hours";

/** `linked_elsewhere`: the account of this address belongs to another identity already. */
export type GoogleFailure =
  | "not_configured"
  | "invalid_token"
  | "email_not_verified"
  | "state_mismatch"
  | "linked_elsewhere";

export type Failure =
  | { kind: "malformed_json" }
  | { kind: "invalid_input"; errors: FieldError[] }
  | { kind: "unsupported_media_type" }
  | { kind: "upgrade_required" }
  | { kind: "body_too_large"; maxBytes: number }
  | { kind: "unauthenticated"; reason: "missing" | "invalid" | "expired" | "session_ended" }
  | { kind: "wrong_credentials" }
  | { kind: "wrong_current_password" }
  | { kind: "account_locked"; retryAfterSeconds: number }
  | { kind: "reauthentication_required" }
  | { kind: "email_not_verified" }
  | { kind: "forbidden"; detail: string }
  /** Only for administrators. */
  | { kind: "admin_required" }
  /** An administrator would take their own rights. */
  | { kind: "own_account" }
  /** Nobody would be left to administer. */
  | { kind: "last_admin" }
  /** A personal token that was not made for this; `scope` null = no token may do it. */
  | { kind: "insufficient_scope"; scope: Scope | null }
  /** A mailed link or code, or a one-time code of a sign-in: wrong, used or expired, and nothing tells which. */
  | { kind: "invalid_code" }
  | { kind: "google_failed"; reason: GoogleFailure }
  /** A limit that is the same on every plan. */
  | { kind: "limit_reached"; what: "personal tokens" | "windows" | "shares" | "guests"; limit: number }
  | { kind: "quota_exceeded"; what: QuotaName; plan: string; limit: string }
  | {
      kind: "not_found";
      what:
        | "environment"
        | "window"
        | "template"
        | "cluster"
        | "user"
        | "session"
        | "token"
        | "share"
        | "guest"
        | "plan"
        | "route";
    }
  | { kind: "method_not_allowed"; allowed: string[] }
  | {
      kind: "already_exists";
      what: "account" | "username" | "environment" | "template" | "cluster" | "share";
      field: string;
    }
  /** What others depend on cannot be removed. */
  | { kind: "in_use"; what: "cluster" | "template"; by: string }
  /** An Idempotency-Key that was used for another request. */
  | { kind: "idempotency_key_reused" }
  /** The first request under the same Idempotency-Key is still at work. */
  | { kind: "idempotency_in_progress" }
  /** If-Match named a version that is not the current one. */
  | { kind: "precondition_failed" }
  | { kind: "cluster_full" }
  /** It takes no new environments for now. */
  | { kind: "cluster_closed"; status: "inactive" | "maintenance" }
  | { kind: "invalid_state"; phase: Phase; action: string; allowed: string[] }
  /** Why something was not done with a file; `evidence` is the cluster's own sentence. */
  | { kind: "file_refused"; reason: Exclude<FileFailure, "file_changed">; evidence?: string }
  | { kind: "range_not_satisfiable"; size: number }
  /** A body whose length was not said. */
  | { kind: "length_required" }
  /** More than one request may carry, of what can be sent in several. */
  | { kind: "send_in_parts"; maxBytes: number }
  /** What runs has a shell, so that its last window is not closed. */
  | { kind: "last_window" }
  /** The one wrong state that is 400: DELETE of a running environment. */
  | { kind: "still_running" }
  | {
      kind: "too_many_requests";
      what: "requests" | "attempts" | "environments" | "mails" | "transfers";
      retryAfterSeconds: number;
    }
  | { kind: "unavailable"; dependency: Dependency; retryAfterSeconds: number }
  /** More work is waiting here than can be done in time. */
  | { kind: "busy"; retryAfterSeconds: number }
  | { kind: "not_ready"; checks: Readonly<Record<string, "ok" | "down">> }
  | { kind: "misconfigured" }
  | { kind: "internal" };

/** What we cannot answer without. */
export type Dependency = "database" | "redis" | "bridge" | "mail" | "google" | "meter";

/** An expected failure on its way to the edge. Its message names the arm only and is never shown to clients. */
export class Failed extends Error {
  readonly failure: Failure;
  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.kind, options);
    this.name = "Failed";
    this.failure = failure;
  }
}

/**
 * The expected failure inside an error, however deep a library wrapped it (`cause`, or `sourceError` as Neon's
 * driver says), or null for a bug.
 */
export function failureIn(error: unknown): Failure | null {
  let current: unknown = error;
  for (let depth = 0; depth < 8 && current instanceof Error; depth += 1) {
    if (current instanceof Failed) return current.failure;
    current = current.cause ?? ("sourceError" in current ? current.sourceError : undefined);
  }
  return null;
}

/**
 * The innermost cause of an error. Logs tell this one: what wraps it may quote the values of a query.
 */
export function rootCause(error: unknown): Error {
  let current = error instanceof Error ? error : new Error("something that is not an error was thrown");
  for (let depth = 0; depth < 8; depth += 1) {
    const inner = current.cause ?? ("sourceError" in current ? current.sourceError : undefined);
    if (!(inner instanceof Error)) return current;
    current = inner;
  }
  return current;
}
