/** Counts each request once it is answered. Nothing here is awaited: the counts are sent in `waitUntil`. */
import { sendCounts } from "../domain/metrics.ts";
import type { AppContext } from "./context.ts";
import { patternOf } from "./route-of.ts";

const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** A method may be any word that a client makes up; those are one. */
export function meterRequest(c: AppContext, durationMs: number): void {
  const { gathering } = c.var.deps;
  const method = methods.has(c.req.method) ? c.req.method : "OTHER";
  const route = patternOf(c);
  gathering.meter.count("requests", method, route, `${Math.floor(c.res.status / 100)}xx`);
  gathering.meter.observe("request", durationMs / 1000, method, route);
  sendCounts(c.var.deps);
}
