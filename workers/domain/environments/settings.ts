/** What people may set: sizes within their plan and variables within reason, or the failure that names the field. */
import type { Resources } from "../../../durable-objects/protocol/bridge-api.ts";
import { Failed, type Failure, type FieldError } from "../../rules/failures.ts";
import { type AskedResources, type SizeRefusal, sizeWithinPlan } from "../../rules/plans.ts";
import { maxAllVariablesBytes, maxValueBytes, maxVariables, variableProblems } from "../../rules/variables.ts";
import type { PlanRow } from "../../store/environments/find.ts";

/** Sizes a plan allows; asked ones over it are `quota_exceeded`. */
export function allowedSizes(asked: AskedResources, defaults: Resources, plan: PlanRow): Resources {
  const sized = sizeWithinPlan(asked, defaults, plan);
  if (sized.ok) return sized.resources;
  throw new Failed(sizeFailure(sized.failure, plan.id));
}

/** The sizes of a row, in our units. */
export function sizesOf(row: { cpuMillicores: number; memoryBytes: number; storageBytes: number }): Resources {
  return { cpu_millicores: row.cpuMillicores, memory_bytes: row.memoryBytes, storage_bytes: row.storageBytes };
}

function sizeFailure({ kind, resource, asked, limit }: SizeRefusal, plan: string): Failure {
  if (kind === "too_large") return { kind: "quota_exceeded", what: resource, plan, limit };
  const message = `${asked} is less than the smallest size ${limit}`;
  return { kind: "invalid_input", errors: [{ field: `resources.${resource}`, message, code: kind }] };
}

const problemTexts = {
  bad_name: "must be letters, digits and underscores, not beginning with a digit",
  contains_nul: "must not contain NUL",
  value_too_long: `must be at most ${maxValueBytes} bytes`,
  too_many: `must be at most ${maxVariables} variables`,
  too_large_together: `must be at most ${maxAllVariablesBytes} bytes together`,
} as const;

/** What is wrong with a set of variables, in words; an empty name stands for all of them together. */
export function variableErrors(variables: Readonly<Record<string, string>>) {
  return variableProblems(variables).map(({ name, problem: code }) => ({ name, message: problemTexts[code], code }));
}

/** Throws `invalid_input` with every variable that is not fit to be one. */
export function requireGoodVariables(variables: Readonly<Record<string, string>>): void {
  const errors = variableErrors(variables).map(({ name, message, code }): FieldError => {
    const field = name === "" ? "environment_variables" : `environment_variables.${name.slice(0, 128)}`;
    return { field, message, code };
  });
  if (errors.length > 0) throw new Failed({ kind: "invalid_input", errors });
}
