/** Which route handles a request, by its pattern: a path may hold ids and worse, and there is no end of paths. */
import { matchedRoutes } from "hono/route";
import type { AppContext } from "./context.ts";

/** The pattern of the route that handles a request, `*` for none; middleware matches every method and does not count. */
export function patternOf(c: AppContext): string {
  return matchedRoutes(c).find(({ method }) => method !== "ALL")?.path ?? "*";
}

/** Method and pattern. */
export function routeOf(c: AppContext): string {
  return `${c.req.method} ${patternOf(c)}`;
}
