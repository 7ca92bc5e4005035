/** What is answered when no handler did: failures as problems, unknown paths and methods, bodies over the limit. */
import type { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { auditDenial } from "../domain/audit.ts";
import { Failed, type Failure, failureIn, rootCause } from "../rules/failures.ts";
import type { AppContext, AppEnv, AppMiddleware } from "./context.ts";
import { isFileBody } from "./file-bodies.ts";
import { problemResponse } from "./problem-response.ts";
import { problemOf } from "./problems.ts";
import { routeOf } from "./route-of.ts";

/** Turns whatever a handler threw into a problem; a bug is logged with its stack and tells the client nothing. */
export function answerError(error: Error, c: AppContext): Response {
  const failure = failureIn(error) ?? frameworkFailure(error);
  if (failure !== null) return answerFailure(c, failure);
  const cause = rootCause(error);
  c.var.deps.log("error", "unexpected error", { error: cause.message, stack: cause.stack });
  return answerFailure(c, { kind: "internal" });
}

/** The problem body of a failure for this request; a refusal of access is counted. */
export function answerFailure(c: AppContext, failure: Failure): Response {
  const { status, code } = problemOf(failure);
  c.var.deps.gathering.meter.count("errors", code);
  if (status === 401 || status === 403) {
    auditDenial(c.var.deps, { actorId: c.var.principal?.userId ?? null, route: routeOf(c), code });
  }
  return problemResponse(failure, { requestId: c.var.requestId, path: c.req.path, now: c.var.deps.now() });
}

/** The failure for a path and method nobody handles: 405 where another method would be, 404 elsewhere. */
export function unhandledFailure(app: Hono<AppEnv>, path: string): Failure {
  const allowed = [...new Set(app.routes.map((route) => route.method))].filter((method) => handles(app, method, path));
  if (allowed.includes("GET")) allowed.push("HEAD");
  return allowed.length > 0 ? { kind: "method_not_allowed", allowed } : { kind: "not_found", what: "route" };
}

/** Refuses bodies over the configured size, told or counted. Files have a limit of their own. */
export const limitedBody: AppMiddleware = (c, next) => {
  if (c.req.method === "GET" || c.req.method === "HEAD" || isFileBody(c)) return next();
  const maxBytes = c.var.deps.config.limits.bodyBytes;
  const limit = bodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw new Failed({ kind: "body_too_large", maxBytes });
    },
  });
  return limit(c, next);
};

function handles(app: Hono<AppEnv>, method: string, path: string): boolean {
  if (method === "ALL") return false;
  const [handlers] = app.router.match(method, path);
  return handlers.some(([[, route]]) => route.method === method);
}

/** The framework's own refusals. */
function frameworkFailure(error: Error): Failure | null {
  if (!(error instanceof HTTPException)) return null;
  if (error.status === 415) return { kind: "unsupported_media_type" };
  if (error.status === 413) return { kind: "body_too_large", maxBytes: 0 };
  return error.status === 400 ? { kind: "malformed_json" } : null;
}
