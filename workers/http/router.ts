/** Makes the routers of workers/routes: OpenAPI routes whose failed validation is our problem body. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "zod";
import { Failed, type FieldError } from "../rules/failures.ts";
import type { AppEnv } from "./context.ts";
import { describedRoute } from "./describing.ts";
import { maxFieldErrors } from "./input-bounds.ts";
import { withConditionalReads } from "./versions.ts";

/** People read these: a field that is missing is told so, and not which type it lacks. */
z.config({
  customError: ({ code, input }) => (code === "invalid_type" && input === undefined ? "Required" : undefined),
});

/** A router; `/x` and `/x/` reach the same handler. Reads have ETags; what middleware does is put into descriptions. */
export function newRouter(options: { router?: OpenAPIHono<AppEnv>["router"] } = {}): OpenAPIHono<AppEnv> {
  const router = new OpenAPIHono<AppEnv>({
    ...options,
    strict: false,
    defaultHook: (result) => {
      if (!result.success) throw new Failed({ kind: "invalid_input", errors: fieldErrors(result.error) });
    },
  });
  const { openapi } = router;
  router.openapi = (route, handler, hook) => openapi(describedRoute(withConditionalReads(route)), handler, hook);
  return router;
}

/** What was wrong with which field, as `errors[]` of a problem tells it. */
export function fieldErrors(error: Pick<z.ZodError, "issues">): FieldError[] {
  return error.issues.slice(0, maxFieldErrors).map((issue) => ({
    field: issue.path.join(".").slice(0, 256) || "body",
    message: issue.message,
    code: codeOf(issue),
  }));
}

/** A rule of ours may name its own code. */
function codeOf(issue: z.core.$ZodIssue): string {
  const own = issue.code === "custom" ? issue.params?.["code"] : undefined;
  return typeof own === "string" ? own : (issue.code ?? "invalid");
}

/** The schema with one more rule, told beside whatever else is wrong: one of these fields says something. */
export function withOneOf<Schema extends z.ZodObject>(schema: Schema, names: readonly [string, ...string[]]): Schema {
  return schema.refine((body: Record<string, unknown>) => names.some((name) => !isBlank(body[name])), {
    path: [names[0]],
    message: "Required",
    when: isObject,
  });
}

/** For a rule's `when`: it is asked whatever else is wrong inside, so that `errors` names every field. */
export function isObject({ value }: { value: unknown }): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a text field says nothing; what is not text is for the field's own rule to refuse. */
export function isBlank(value: unknown): boolean {
  return value === undefined || (typeof value === "string" && value.trim() === "");
}
