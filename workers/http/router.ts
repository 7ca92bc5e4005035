/** Makes the routers of workers/routes: OpenAPI routes whose failed validation is our problem body. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { z } from "zod";
import { Failed, type FieldError } from "../rules/failures.ts";
import type { AppEnv } from "./context.ts";

/** A router; `/x` and `/x/` reach the same handler. */
export function newRouter(): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>({
    strict: false,
    defaultHook: (result) => {
      if (!result.success) throw new Failed({ kind: "invalid_input", errors: fieldErrors(result.error) });
    },
  });
}

/** What was wrong with which field, as `errors[]` of a problem tells it. */
export function fieldErrors(error: Pick<z.ZodError, "issues">): FieldError[] {
  return error.issues.map((issue) => ({
    field: issue.path.join(".") || "body",
    message: issue.message,
    code: issue.code ?? "invalid",
  }));
}

/** The bearer scheme, for `security` in a route. */
export const bearer = [{ bearer: [] as string[] }];
