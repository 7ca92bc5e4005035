/**
 * The one map from failures to HTTP: what status and words each has. Its type is exhaustive: a new arm of Failure does not compile
 * until it is mapped. Only how files are refused stands beside it, in file-problems.ts.
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

/** A problem whose code, unless it says another one, is the kind of its failure. */
type Told = Omit<Problem, "code"> & Partial<Pick<Problem, "code">>;
/** The arms of Failure by their kind. */
type Arms = { [Arm in Failure as Arm["kind"]]: Arm };

const bearerChallenge = { "WWW-Authenticate": "Bearer" };

const problems: { readonly [Kind in Failure["kind"]]: (failure: Arms[Kind]) => Told } = {
  malformed_json: () => ({ status: 400, detail: "The request body is not valid JSON", errors: [] }),
  invalid_input: ({ errors }) => invalidInput(errors),
  unsupported_media_type: plain(415, "The request body must be JSON"),
  upgrade_required: () => ({
    status: 426,
    detail: "This path is a WebSocket",
    headers: { Upgrade: "websocket", Connection: "Upgrade" },
  }),
  body_too_large: ({ maxBytes }) => ({ status: 413, detail: `The request body is larger than ${maxBytes} bytes` }),
  unauthenticated: ({ reason }) => ({ status: 401, detail: credentialDetails[reason], headers: bearerChallenge }),
  wrong_credentials: () => ({
    status: 401,
    detail: "Incorrect username/email or password",
    headers: bearerChallenge,
  }),
  wrong_current_password: plain(400, "Current password is incorrect"),
  account_locked: ({ retryAfterSeconds }) => ({
    status: 429,
    detail: "Account is temporarily locked after too many failed attempts",
    retryAfterSeconds,
  }),
  reauthentication_required: plain(403, "Confirm with your password or sign in again"),
  email_not_verified: plain(403, "Verify your e-mail address first"),
  forbidden: ({ detail }) => ({ status: 403, detail }),
  admin_required: plain(403, "Only administrators may do this"),
  own_account: plain(403, "You cannot disable yourself or take your own role"),
  last_admin: plain(409, "This is the last active administrator"),
  insufficient_scope: ({ scope }) => insufficientScope(scope),
  invalid_code: plain(400, "The link or code is not valid or has expired"),
  google_failed: ({ reason }) => googleProblems[reason],
  limit_reached: ({ what, limit }) => ({ status: 403, detail: limitDetails[what](limit) }),
  quota_exceeded: ({ plan, limit, what }) => ({
    status: 403,
    detail: `The ${plan} plan has a limit of ${limit} for ${what}`,
  }),
  not_found: ({ what }) => ({ status: 404, detail: `${capitalized(what)} not found` }),
  method_not_allowed: ({ allowed }) => ({
    status: 405,
    detail: `Allowed here: ${allowed.join(", ")}`,
    headers: { Allow: allowed.join(", ") },
  }),
  already_exists: ({ what, field }) => ({ status: 409, detail: alreadyExists[what], extra: { field } }),
  in_use: ({ what, by }) => ({ status: 409, detail: `The ${what} is in use by ${by}` }),
  idempotency_key_reused: plain(422, "This Idempotency-Key was used for another request"),
  idempotency_in_progress: () => ({
    status: 409,
    detail: "The first request under this Idempotency-Key is still at work",
    headers: { "Retry-After": "1" },
  }),
  precondition_failed: plain(412, "It was changed since you read it: read it again"),
  cluster_full: () => ({
    status: 503,
    detail: "The cluster has no place left for another environment",
    retryAfterSeconds: 300,
  }),
  cluster_closed: ({ status }) => ({ status: 409, detail: closedDetails[status] }),
  invalid_state: ({ action, phase, allowed }) => ({
    status: 409,
    detail: `Cannot ${action} while the environment is ${phase}`,
    extra: { phase, allowed },
  }),
  file_refused: ({ reason, evidence }) => fileProblem(reason, evidence),
  range_not_satisfiable: ({ size }) => ({
    status: 416,
    detail: `The file has ${size} bytes, none of which are in the range`,
    headers: { "Content-Range": `bytes */${size}` },
  }),
  length_required: plain(411, "Say how long the body is: Content-Length"),
  send_in_parts: ({ maxBytes }) => ({
    status: 413,
    code: "body_too_large",
    detail: `The request body is larger than ${maxBytes} bytes: upload the file in parts (POST .../files/uploads)`,
  }),
  last_window: plain(409, "The last window cannot be closed: stop the environment instead"),
  still_running: plain(400, "The environment is running: stop it first, or use ?force=true"),
  too_many_requests: ({ what, retryAfterSeconds }) => ({
    status: 429,
    detail: `Too many ${what}; try again later`,
    retryAfterSeconds,
  }),
  unavailable: ({ dependency, retryAfterSeconds }) => ({
    status: 503,
    ...(dependency === "bridge" ? { code: "bridge_unavailable" } : {}),
    detail: `The ${dependency} is not available right now`,
    retryAfterSeconds,
  }),
  busy: ({ retryAfterSeconds }) => ({
    status: 503,
    detail: "Too many people are signing in right now; try again in a moment",
    retryAfterSeconds,
  }),
  not_ready: ({ checks }) => ({
    status: 503,
    detail: "A dependency does not answer",
    retryAfterSeconds: 5,
    extra: { checks },
  }),
  misconfigured: () => ({ status: 503, detail: "The server is not configured", retryAfterSeconds: 60 }),
  internal: plain(500, "Something went wrong on our side"),
};

/** Status, code and words of a failure. */
export function problemOf(failure: Failure): Problem {
  return { code: failure.kind, ...toldOf(failure.kind, failure) };
}

/** By its kind, which is what the arm and its words have in common. */
function toldOf<Kind extends Failure["kind"]>(kind: Kind, failure: Arms[Kind]): Told {
  return problems[kind](failure);
}

/** A failure of which there is nothing more to tell. */
function plain(status: ContentfulStatusCode, detail: string): () => Told {
  return () => ({ status, detail });
}

const limitDetails = {
  "personal tokens": (limit: number) => `You have reached the limit of ${limit} personal tokens`,
  windows: (limit: number) => `The environment has reached the limit of ${limit} windows`,
  shares: (limit: number) => `The environment has reached the limit of ${limit} shares`,
  guests: (limit: number) => `The share has reached its limit of ${limit} ${limit === 1 ? "guest" : "guests"}`,
} as const;

const credentialDetails = {
  missing: "Authentication is required",
  invalid: "The token is not valid",
  expired: "The token has expired",
  session_ended: "The session has ended",
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
    headers: bearerChallenge,
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
function insufficientScope(scope: Scope | null): Told {
  const detail = scope === null ? "No personal token may do this: sign in" : `The token lacks the scope ${scope}`;
  const challenge = `Bearer error="insufficient_scope"${scope === null ? "" : `, scope="${scope}"`}`;
  return { status: 403, detail, headers: { "WWW-Authenticate": challenge } };
}

/** How many fields the sentence for people names; `errors` has all. */
const maxToldErrors = 10;

function invalidInput(errors: FieldError[]): Told {
  const told = errors.slice(0, maxToldErrors).map((error) => `${error.field}: ${error.message}`);
  const rest = errors.length > told.length ? [`and ${errors.length - told.length} more`] : [];
  const summary = `Validation failed: ${[...told, ...rest].join("; ")}`;
  return { status: 400, detail: summary, summary, errors };
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
