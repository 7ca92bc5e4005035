/**
 * The outermost middleware: gives a request its id and its deps, and writes its one log line. The line names the
 * route's pattern, never the URL: a path or a query may carry a token.
 */
import type { Deps } from "../domain/deps.ts";
import { addressOf } from "./client-address.ts";
import type { AppContext, AppMiddleware } from "./context.ts";
import { meterRequest } from "./metered.ts";
import { routeOf } from "./route-of.ts";

type WaitUntil = (promise: Promise<unknown>) => void;
type MakeDeps = (
  env: Env,
  requestId: string,
  waitUntil: WaitUntil,
  address: string | null,
  origin: () => string,
) => Deps;

const saneRequestId = /^[A-Za-z0-9_-]{1,64}$/;

/** Takes how deps are made and how an id is drawn, so that only the entry knows the raw environment. */
export function requestScope(makeDeps: MakeDeps, newRequestId: () => string): AppMiddleware {
  return async function scope(c, next) {
    const startedAtMs = performance.now();
    const incoming = c.req.header("x-request-id");
    const requestId = incoming !== undefined && saneRequestId.test(incoming) ? incoming : newRequestId();
    c.set("requestId", requestId);
    c.set(
      "deps",
      makeDeps(
        c.env,
        requestId,
        (promise) => c.executionCtx.waitUntil(promise),
        addressOf(c),
        () => new URL(c.req.url).origin,
      ),
    );
    await next();
    const durationMs = performance.now() - startedAtMs;
    logRequest(c, durationMs);
    meterRequest(c, durationMs);
  };
}

function logRequest(c: AppContext, durationMs: number): void {
  const level = c.res.status >= 500 ? "error" : "info";
  c.var.deps.log(level, "request", {
    user_id: c.var.principal?.userId,
    environment_id: /\benv_[a-z0-9]{20}\b/.exec(c.req.path)?.[0],
    route: routeOf(c),
    status: c.res.status,
    duration_ms: Math.round(durationMs * 100) / 100,
  });
}
