/**
 * What an environment's variables may be: names a POSIX shell can carry, values without NUL, bounded in number
 * and size. They are data everywhere and are never put into a shell's text. Pure.
 */

export const variableNamePattern = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
export const maxVariables = 100;
export const maxValueBytes = 32_768;
/** Names and values together: well below what one exec and one Secret can hold. */
export const maxAllVariablesBytes = 131_072;

export type VariableProblem = "bad_name" | "contains_nul" | "value_too_long" | "too_many" | "too_large_together";

/** What is wrong with a set of variables, each with the name it concerns; empty = fine. */
export function variableProblems(
  variables: Readonly<Record<string, string>>,
): { name: string; problem: VariableProblem }[] {
  const entries = Object.entries(variables);
  const problems = entries.flatMap(([name, value]) => problemOf(name, value).map((problem) => ({ name, problem })));
  if (entries.length > maxVariables) problems.push({ name: "", problem: "too_many" });
  const total = entries.reduce((sum, [name, value]) => sum + byteLength(name) + byteLength(value), 0);
  if (total > maxAllVariablesBytes) problems.push({ name: "", problem: "too_large_together" });
  return problems;
}

function problemOf(name: string, value: string): VariableProblem[] {
  if (!variableNamePattern.test(name)) return ["bad_name"];
  if (value.includes("\0")) return ["contains_nul"];
  return byteLength(value) > maxValueBytes ? ["value_too_long"] : [];
}

const encoder = new TextEncoder();
const byteLength = (text: string) => encoder.encode(text).byteLength;

/** The set after a change: null removes a name, anything else sets it. */
export function changeVariables(
  variables: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>>,
): Record<string, string> {
  const merged = new Map(Object.entries(variables));
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) merged.delete(name);
    else merged.set(name, value);
  }
  return Object.fromEntries(merged);
}
