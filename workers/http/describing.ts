/**
 * What middleware adds to a route, told once beside the middleware and put into the OpenAPI document of every route
 * that runs it: who may call, which headers it reads and writes, how it refuses. So the document cannot say otherwise.
 */
import type { RouteConfig } from "@hono/zod-openapi";
import { problem } from "./answers.ts";
import type { AppMiddleware } from "./context.ts";

export interface OperationPart {
  security?: NonNullable<RouteConfig["security"]>;
  parameters?: Parameter[];
  /** Problems by status. A route's own words for a status win. */
  problems?: Record<string, string>;
  /** Further answers by status, e.g. 304. */
  responses?: RouteConfig["responses"];
  /** Names of components/headers that every answer with a body of the route's own carries. */
  headers?: readonly string[];
}

const otherFailure = problem("Any other failure");

type Parameter = NonNullable<RouteConfig["parameters"]>[number];
type Responses = RouteConfig["responses"];

const parts = new WeakMap<object, OperationPart>();

/** Says what `middleware` means for the routes that name it. */
export function describes(middleware: AppMiddleware, part: OperationPart): AppMiddleware {
  parts.set(middleware, part);
  return middleware;
}

/** The route with everything that its middleware and its input bring along. */
export function describedRoute<Route extends RouteConfig>(route: Route): Route {
  const told = [route.middleware ?? []].flat().flatMap((middleware) => parts.get(middleware) ?? []);
  const problems = Object.assign({}, ...[inputProblems(route), ...told.map((part) => part.problems ?? {})]);
  const parameters = [...(route.parameters ?? []), ...told.flatMap((part) => part.parameters ?? [])];
  const security = told.find((part) => part.security !== undefined)?.security;
  return {
    ...route,
    ...(security === undefined ? {} : { security }),
    ...(parameters.length === 0 ? {} : { parameters }),
    responses: {
      ...mapValues(problems, (description) => problem(String(description))),
      ...Object.assign({}, ...told.map((part) => part.responses ?? {})),
      // A route without a success of its own kind, such as a redirect, says so for the rest.
      ...(Object.keys(route.responses).some((status) => status.startsWith("2")) ? {} : { default: otherFailure }),
      ...withHeaders(
        route.responses,
        told.flatMap((part) => part.headers ?? []),
      ),
    },
  };
}

/** How every route refuses: an address or a body that cannot be, and what it needs being away. */
function inputProblems({ request }: RouteConfig): Record<string, string> {
  const problems = {
    400: "The input is wrong; `errors` names every field",
    503: "Something this needs is not available right now",
  };
  if (request?.body === undefined) return problems;
  return { ...problems, 413: "The body is larger than the limit", 415: "The body is of another media type" };
}

/** Successes tell these headers. */
function withHeaders(responses: Responses, names: readonly string[]): Responses {
  if (names.length === 0) return responses;
  const added = Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
  return mapValues(responses, (response, status) =>
    /^[23]/.test(status) && !("$ref" in response)
      ? { ...response, headers: { ...added, ...response.headers } }
      : response,
  ) as Responses;
}

function mapValues<Value, Mapped>(values: Record<string, Value>, map: (value: Value, key: string) => Mapped) {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value, key)]));
}
