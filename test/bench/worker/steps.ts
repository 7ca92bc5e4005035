/**
 * The product put together step by step: the middleware that its router runs for a route, one more each step, above
 * the bare handler; then the parts of authentication; the last step is the route itself.
 */
import { Hono } from "hono";
import { app } from "../../../workers/app.ts";
import { authenticateToken } from "../../../workers/domain/accounts/sessions.ts";
import { bearerToken } from "../../../workers/http/authenticate.ts";
import type { AppContext, AppEnv, AppMiddleware } from "../../../workers/http/context.ts";
import { verifyToken } from "../../../workers/rules/tokens.ts";
import { bare } from "./bare.ts";

interface Step {
  name: string;
  answer(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response>;
}

const built = new Map<string, Step[]>();

/** The names of the steps of `GET path`, in the order of their numbers. */
export function stepNames(path: string): string[] {
  return stepsOf(path).map(({ name }) => name);
}

/** Answers as the product would if it ended with this step. */
export function step(
  request: Request,
  path: string,
  number: number,
  env: Env,
  context: ExecutionContext,
): Response | Promise<Response> {
  const chosen = stepsOf(path)[number];
  if (chosen === undefined) return new Response(null, { status: 404 });
  return chosen.answer(new Request(new URL(path, request.url), request), env, context);
}

function stepsOf(path: string): Step[] {
  const known = built.get(path);
  if (known !== undefined) return known;
  const middleware = commonMiddleware(path);
  const replay = (c: AppContext) => bare(c.req.raw, path, c.env, c.executionCtx as ExecutionContext);
  const steps: Step[] = [
    { name: "bare handler", answer: (request, env, context) => bare(request, path, env, context) },
    assembled("+ router", [], replay),
    ...middleware.map((each, index) => assembled(`+ ${each.name}`, middleware.slice(0, index + 1), replay)),
    assembled("+ token verified", middleware, async (c) => {
      await verifyToken(c.var.deps.config.tokens, "access", bearerToken(c) ?? "", c.var.deps.now());
      return replay(c);
    }),
    assembled("session found by drizzle instead", middleware, async (c) =>
      c.json((await authenticateToken(c.var.deps, bearerToken(c))).account),
    ),
    {
      name: "the product: + limiter, validation, shape",
      answer: (request, env, context) => app.fetch(request, env, context),
    },
  ];
  built.set(path, steps);
  return steps;
}

/** What runs for every route of the API: middleware mounted for all methods, in the product's order. */
function commonMiddleware(path: string): AppMiddleware[] {
  const [matches] = app.router.match("GET", path);
  return matches.flatMap(([[handler, route]]) => (route.method === "ALL" ? [handler as AppMiddleware] : []));
}

function assembled(
  name: string,
  middleware: readonly AppMiddleware[],
  handler: (c: AppContext) => Promise<Response>,
): Step {
  const made = new Hono<AppEnv>();
  for (const each of middleware) made.use(each);
  made.get("*", handler);
  return { name, answer: (request, env, context) => made.fetch(request, env, context) };
}
