/**
 * Everything that is expected to go wrong, as tagged arms with their evidence. The domain throws `Failed`;
 * workers/http/problems.ts maps each arm to HTTP, and a new arm does not compile until it is mapped there.
 */
import type { Phase } from "../../durable-objects/protocol/vocabulary.ts";

export interface FieldError {
  field: string;
  message: string;
  code: string;
}

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
  | { kind: "quota_exceeded"; what: "environments" | "cpu" | "memory" | "storage"; plan: string; limit: string }
  | { kind: "not_found"; what: "environment" | "template" | "cluster" | "user" | "route" }
  | { kind: "method_not_allowed"; allowed: string[] }
  | { kind: "already_exists"; what: "account" | "username" | "environment"; field: string }
  | { kind: "cluster_full" }
  | { kind: "invalid_state"; phase: Phase; action: string; allowed: string[] }
  /** The one wrong state that is 400: DELETE of a running environment. */
  | { kind: "still_running" }
  | { kind: "too_many_requests"; what: "requests" | "attempts" | "environments"; retryAfterSeconds: number }
  | { kind: "unavailable"; dependency: "database" | "redis" | "bridge"; retryAfterSeconds: number }
  | { kind: "not_ready"; checks: Readonly<Record<string, "ok" | "down">> }
  | { kind: "misconfigured" }
  | { kind: "internal" };

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
