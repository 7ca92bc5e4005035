/** The router's own list of routes, so that what is tried on "every route" is tried on those to come too. */
import { app } from "../../../workers/app.ts";

/** `METHOD pattern` of every route, each once. */
export const routes = [
  ...new Set(app.routes.filter(({ method }) => method !== "ALL").map(({ method, path }) => `${method} ${path}`)),
];

/** An environment that nobody has. */
export const nobodysEnvironment = `env_${"z".repeat(20)}`;

/** A route with every parameter of its path replaced. */
export function filled(route: string, id = nobodysEnvironment): string {
  return route.replaceAll(/:[a-zA-Z]+(\{[^}]+\})?/g, id);
}

/** A body for the methods that take one: whatever it lacks, access is decided first. */
export function bodyFor(route: string): { json?: unknown } {
  return /^(POST|PUT|PATCH)/.test(route) ? { json: {} } : {};
}
