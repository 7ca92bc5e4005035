/**
 * The one map from failures to HTTP: RFC 9457 problem bodies with the fields that older clients read. The switch
 * is exhaustive; nothing of an unexpected error but its request id ever leaves.
 */
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Failure, FieldError, GoogleFailure } from "../rules/failures.ts";
import type { Scope } from "../rules/principal.ts";
import { fileProblem } from "./file-problems.ts";

export interface Problem {
  status: ContentfulStatusCode;
  code: string;
  detail: string;
  /** Replaces the reason phrase in `error`. */
  summary?: string;
  errors?: FieldError[];
  retryAfterSeconds?: number;
  headers?: Record<string, string>;
  /** Further members of the body, e.g. the actions that a state allows. */
  extra?: Record<string, unknown>;
}

export interface ProblemContext {
  requestId: string;
  path: string;
  now: Date;
}

const reasons: Partial<Record<ContentfulStatusCode, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  411: "Length Required",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  422: "Unprocessable Content",
  426: "Upgrade Required",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
  507: "Insufficient Storage",
};

/** The answer for a failure: `application/problem+json` with its headers. */
export function problemResponse(failure: Failure, context: ProblemContext): Response {
  const problem = problemOf(failure);
  const title = reasons[problem.status] ?? "Error";
  const body = {
    type: "about:blank",
    title,
    status: problem.status,
    detail: problem.detail,
    instance: context.path,
    error: problem.summary ?? title,
    message: problem.detail,
    code: problem.code,
    ...(problem.errors ? { errors: problem.errors } : {}),
    timestamp: context.now.toISOString(),
    path: context.path,
    request_id: context.requestId,
    ...(problem.retryAfterSeconds === undefined ? {} : { retry_after: problem.retryAfterSeconds }),
    ...problem.extra,
  };
  const headers = new Headers({ "content-type": "application/problem+json", ...problem.headers });
  if (problem.retryAfterSeconds !== undefined) headers.set("Retry-After", String(problem.retryAfterSeconds));
  return new Response(JSON.stringify(body), { status: problem.status, headers });
}

/** Status, code and words of a failure. */
export function problemOf(failure: Failure): Problem {
  switch (failure.kind) {
    case "malformed_json":
      return { status: 400, code: failure.kind, detail: "The request body is not valid JSON", errors: [] };
    case "invalid_input":
      return invalidInput(failure.errors);
    case "unsupported_media_type":
      return { status: 415, code: failure.kind, detail: "The request body must be JSON" };
    case "upgrade_required":
      return {
        status: 426,
        code: failure.kind,
        detail: "This path is a WebSocket",
        headers: { Upgrade: "websocket", Connection: "Upgrade" },
      };
    case "body_too_large":
      return { status: 413, code: failure.kind, detail: `The request body is larger than ${failure.maxBytes} bytes` };
    case "unauthenticated":
      return unauthenticated(failure.reason);
    case "wrong_credentials":
      return {
        status: 401,
        code: failure.kind,
        detail: "Incorrect username/email or password",
        headers: { "WWW-Authenticate": "Bearer" },
      };
    case "wrong_current_password":
      return { status: 400, code: failure.kind, detail: "Current password is incorrect" };
    case "account_locked":
      return {
        status: 429,
        code: failure.kind,
        detail: "Account is temporarily locked after too many failed attempts",
        retryAfterSeconds: failure.retryAfterSeconds,
      };
    case "reauthentication_required":
      return { status: 403, code: failure.kind, detail: "Confirm with your password or sign in again" };
    case "email_not_verified":
      return { status: 403, code: failure.kind, detail: "Verify your e-mail address first" };
    case "forbidden":
      return { status: 403, code: failure.kind, detail: failure.detail };
    case "admin_required":
      return { status: 403, code: failure.kind, detail: "Only administrators may do this" };
    case "own_account":
      return { status: 403, code: failure.kind, detail: "You cannot disable yourself or take your own role" };
    case "last_admin":
      return { status: 409, code: failure.kind, detail: "This is the last active administrator" };
    case "insufficient_scope":
      return insufficientScope(failure.scope);
    case "invalid_code":
      return { status: 400, code: failure.kind, detail: "The link or code is not valid or has expired" };
    case "google_failed":
      return googleProblems[failure.reason];
    case "limit_reached":
      return {
        status: 403,
        code: failure.kind,
        detail: limitDetails[failure.what](failure.limit),
      };
    case "quota_exceeded":
      return {
        status: 403,
        code: failure.kind,
        detail: `The ${failure.plan} plan has a limit of ${failure.limit} for ${failure.what}`,
      };
    case "not_found":
      return { status: 404, code: failure.kind, detail: `${capitalized(failure.what)} not found` };
    case "method_not_allowed":
      return {
        status: 405,
        code: failure.kind,
        detail: `Allowed here: ${failure.allowed.join(", ")}`,
        headers: { Allow: failure.allowed.join(", ") },
      };
    case "already_exists":
      return {
        status: 409,
        code: failure.kind,
        detail: alreadyExists[failure.what],
        extra: { field: failure.field },
      };
    case "in_use":
      return { status: 409, code: failure.kind, detail: `The ${failure.what} is in use by ${failure.by}` };
    case "idempotency_key_reused":
      return { status: 422, code: failure.kind, detail: "This Idempotency-Key was used for another request" };
    case "idempotency_in_progress":
      return {
        status: 409,
        code: failure.kind,
        detail: "The first request under this Idempotency-Key is still at work",
        headers: { "Retry-After": "1" },
      };
    case "precondition_failed":
      return { status: 412, code: failure.kind, detail: "It was changed since you read it: read it again" };
    case "cluster_full":
      return {
        status: 503,
        code: failure.kind,
        detail: "The cluster has no place left for another environment",
        retryAfterSeconds: 300,
      };
    case "cluster_closed":
      return { status: 409, code: failure.kind, detail: closedDetails[failure.status] };
    case "invalid_state":
      return {
        status: 409,
        code: failure.kind,
        detail: `Cannot ${failure.action} while the environment is ${failure.phase}`,
        extra: { phase: failure.phase, allowed: failure.allowed },
      };
    case "file_refused":
      return fileProblem(failure.reason, failure.evidence);
    case "range_not_satisfiable":
      return {
        status: 416,
        code: failure.kind,
        detail: `The file has ${failure.size} bytes, none of which are in the range`,
        headers: { "Content-Range": `bytes */${failure.size}` },
      };
    case "length_required":
      return { status: 411, code: failure.kind, detail: "Say how long the body is: Content-Length" };
    case "send_in_parts":
      return {
        status: 413,
        code: "body_too_large",
        detail: `The request body is larger than ${failure.maxBytes} bytes: upload the file in parts (POST .../files/uploads)`,
      };
    case "last_window":
      return {
        status: 409,
        code: failure.kind,
        detail: "The last window cannot be closed: stop the environment instead",
      };
    case "still_running":
      return {
        status: 400,
        code: failure.kind,
        detail: "The environment is running: stop it first, or use ?force=true",
      };
    case "too_many_requests":
      return {
        status: 429,
        code: failure.kind,
        detail: `Too many ${failure.what}; try again later`,
        retryAfterSeconds: failure.retryAfterSeconds,
      };
    case "unavailable":
      return {
        status: 503,
        code: failure.dependency === "bridge" ? "bridge_unavailable" : failure.kind,
        detail: `The ${failure.dependency} is not available right now`,
        retryAfterSeconds: failure.retryAfterSeconds,
      };
    case "busy":
      return {
        status: 503,
        code: failure.kind,
        detail: "Too many people are signing in right now; try again in a moment",
        retryAfterSeconds: failure.retryAfterSeconds,
      };
    case "not_ready":
      return {
        status: 503,
        code: failure.kind,
        detail: "A dependency does not answer",
        retryAfterSeconds: 5,
        extra: { checks: failure.checks },
      };
    case "misconfigured":
      return { status: 503, code: failure.kind, detail: "The server is not configured", retryAfterSeconds: 60 };
    case "internal":
      return { status: 500, code: failure.kind, detail: "Something went wrong on our side" };
    default:
      return failure satisfies never;
  }
}

const limitDetails = {
  "personal tokens": (limit: number) => `You have reached the limit of ${limit} personal tokens`,
  windows: (limit: number) => `The environment has reached the limit of ${limit} windows`,
  shares: (limit: number) => `The environment has reached the limit of ${limit} shares`,
  guests: (limit: number) => `The share has reached its limit of ${limit} ${limit === 1 ? "guest" : "guests"}`,
} as const;

const closedDetails = {
  maintenance: "The cluster is in maintenance and takes no new environments right now",
  inactive: "The cluster is not active and takes no new environments",
} as const;

const alreadyExists = {
  account: "Username or email is already registered",
  username: "Username is already taken",
  environment: "An environment with this name already exists",
  template: "A template of this name already exists",
  cluster: "A cluster of this name already exists",
  share: "This environment is offered to this user name already: change or revoke that share",
} as const;

const googleProblems: Record<GoogleFailure, Problem> = {
  not_configured: { status: 404, code: "google_not_configured", detail: "Sign-in with Google is not set up here" },
  invalid_token: {
    status: 401,
    code: "invalid_google_token",
    detail: "The Google sign-in is not valid",
    headers: { "WWW-Authenticate": "Bearer" },
  },
  email_not_verified: {
    status: 403,
    code: "google_email_not_verified",
    detail: "Google has not verified this e-mail address",
  },
  state_mismatch: {
    status: 400,
    code: "invalid_google_state",
    detail: "This sign-in was not begun here; please try again",
  },
  linked_elsewhere: {
    status: 409,
    code: "google_linked_elsewhere",
    detail: "The account of this e-mail address is linked to another sign-in; use that one, or your password",
  },
};

/** RFC 6750, section 3.1. */
function insufficientScope(scope: Scope | null): Problem {
  const detail = scope === null ? "No personal token may do this: sign in" : `The token lacks the scope ${scope}`;
  const challenge = `Bearer error="insufficient_scope"${scope === null ? "" : `, scope="${scope}"`}`;
  return { status: 403, code: "insufficient_scope", detail, headers: { "WWW-Authenticate": challenge } };
}

/** How many fields the sentence for people names; `errors` has all. */
const maxToldErrors = 10;

function invalidInput(errors: FieldError[]): Problem {
  const told = errors.slice(0, maxToldErrors).map((error) => `${error.field}: ${error.message}`);
  const rest = errors.length > told.length ? [`and ${errors.length - told.length} more`] : [];
  const summary = `Validation failed: ${[...told, ...rest].join("; ")}`;
  return { status: 400, code: "invalid_input", detail: summary, summary, errors };
}

function unauthenticated(reason: "missing" | "invalid" | "expired" | "session_ended"): Problem {
  const details = {
    missing: "Authentication is required",
    invalid: "The token is not valid",
    expired: "The token has expired",
    session_ended: "The session has ended",
  } as const;
  return { status: 401, code: "unauthenticated", detail: details[reason], headers: { "WWW-Authenticate": "Bearer" } };
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
