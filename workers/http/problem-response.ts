/**
 * How a problem is written: RFC 9457, with the fields that older clients read. Nothing of an unexpected error but its request id
 * ever leaves.
 */
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Failure } from "../rules/failures.ts";
import { problemOf } from "./problems.ts";

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
