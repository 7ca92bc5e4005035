/**
 * What the API server refuses, as a union: read from the Status in a response's body, never from headers. RBAC, quota and Pod
 * Security refusals are all 403 and differ by their words alone; this is the one place that reads those.
 */
import { z } from "zod";
import { parseJson } from "../../parse-json.ts";

export type ProblemKind =
  | "not_found"
  | "already_exists"
  /** Somebody else owns a field, or the object has changed meanwhile. */
  | "conflict"
  | "unauthorized"
  | "forbidden_rbac"
  | "quota"
  | "pod_security"
  | "namespace_terminating"
  /** By an admission plugin or webhook, for a reason of its own. */
  | "refused"
  | "invalid"
  /** Not even readable as what it should be, e.g. a quantity like 1.5Gib. */
  | "malformed"
  /** The list or watch is older than what the server remembers. */
  | "expired"
  /** No answer, one that came too late, or one that says to come back later. */
  | "unavailable";

/** What went wrong with one call. The message is the server's own sentence, bounded, or ours where it said nothing. */
export class ClusterProblem extends Error {
  readonly kind: ProblemKind;
  /** HTTP's, 0 where there was no answer. */
  readonly status: number;
  readonly retryAfterMs: number | null;

  constructor(kind: ProblemKind, message: string, { status = 0, retryAfterMs = null as number | null } = {}) {
    super(message);
    this.name = "ClusterProblem";
    this.kind = kind;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

const maxMessageCharacters = 400;

const statusSchema = z.object({
  kind: z.literal("Status"),
  message: z.string().optional(),
  reason: z.string().optional(),
  details: z
    .object({
      retryAfterSeconds: z.number().optional(),
      causes: z.array(z.object({ reason: z.string().optional() })).optional(),
    })
    .optional(),
});
type Status = z.infer<typeof statusSchema>;

/** The problem that an answer which is no success tells of. Never throws, whatever the body holds. */
export function problemOf(httpStatus: number, body: string, retryAfter?: string): ClusterProblem {
  const parsed = statusSchema.safeParse(parseJson(body));
  const status: Status = parsed.success ? parsed.data : { kind: "Status" };
  const message = (status.message ?? `The API server answered ${httpStatus}`).slice(0, maxMessageCharacters);
  const seconds = status.details?.retryAfterSeconds ?? Number(retryAfter ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : null;
  return new ClusterProblem(kindOf(httpStatus, status), message, { status: httpStatus, retryAfterMs });
}

/**
 * Whether an exec's last word is that the node did not take it up. API servers from 1.30 on that translate for their nodes (1.36:
 * for older ones) have shaken hands by then, so that the node's 404 or 500 comes as this sentence.
 */
export function isUpgradeRefused(message: string): boolean {
  return /^(?:Internal error occurred: )?unable to upgrade connection\b/.test(message);
}

/** The problem of a call that got no answer. */
export function noAnswer(error: unknown): ClusterProblem {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const why = typeof code === "string" ? code : error instanceof Error ? error.name : "unknown";
  return new ClusterProblem("unavailable", `The API server did not answer (${why})`);
}

/** Whoever asked for the end is told so in his own words; a deadline is the server's silence. */
export function cutBy(error: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted !== true) return error instanceof ClusterProblem ? error : noAnswer(error);
  const { reason } = signal;
  return reason instanceof Error && reason.name === "TimeoutError" ? noAnswer(reason) : reason;
}

function kindOf(httpStatus: number, status: Status): ProblemKind {
  switch (httpStatus) {
    case 400:
      return "malformed";
    case 401:
      return "unauthorized";
    case 403:
      return refusalOf(status);
    case 404:
      return "not_found";
    case 409:
      return status.reason === "AlreadyExists" ? "already_exists" : "conflict";
    case 410:
      return "expired";
    case 405:
    case 413:
    case 415:
    case 422:
      return "invalid";
    default:
      return "unavailable";
  }
}

function refusalOf({ message = "", details }: Status): ProblemKind {
  if (details?.causes?.some(({ reason }) => reason === "NamespaceTerminating")) return "namespace_terminating";
  // The cluster has not finished a new namespace: its account is missing, or it has not counted yet what a quota is about.
  if (/\berror looking up service account /.test(message)) return "unavailable";
  if (/\bstatus unknown for quota: /.test(message)) return "unavailable";
  if (/\b(exceeded|failed) quota: /.test(message)) return "quota";
  if (/\bviolates PodSecurity "/.test(message)) return "pod_security";
  if (/ cannot \S+ resource "| attempting to grant RBAC /.test(message)) return "forbidden_rbac";
  return "refused";
}
