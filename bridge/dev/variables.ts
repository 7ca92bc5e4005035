/**
 * The variables of the Worker and the bridge in development. The shell wins over `.dev.vars`, that over what is made
 * here. Values go to children in private files and environments, never on a command line.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";

export type Variables = Record<string, string>;

/** What the person set, in `.dev.vars` or the shell; an empty value counts as not set. */
export function givenVariables(root: string, environment: NodeJS.ProcessEnv): Variables {
  const fromFile = readVariableFile(join(root, ".dev.vars"));
  const names = [...Object.keys(readVariableFile(join(root, ".dev.vars.example"), true)), ...Object.keys(fromFile)];
  const merged = names.map((name) => [name, environment[name] || fromFile[name] || ""] as const);
  return Object.fromEntries(merged.filter(([, value]) => value !== ""));
}

/** The assignments of a file, those in comments too on request (an example's lines are comments). */
export function readVariableFile(path: string, includesComments = false): Variables {
  if (!existsSync(path)) return {};
  const text = readFileSync(path, "utf8");
  const lines = includesComments ? text.replace(/^#\s?(?=[A-Z][A-Z0-9_]*=)/gm, "") : text;
  return parseEnv(lines) as Variables;
}

/** A file that `wrangler dev --env-file` reads back as exactly these values. */
export function formatEnvFile(variables: Variables): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${quote(name, value)}\n`)
    .join("");
}

/** dotenv knows three quotes and no escapes; afterwards `$` is expanded unless it stands behind a backslash. */
function quote(name: string, value: string): string {
  const mark = ["'", "`", '"'].find((candidate) => !value.includes(candidate));
  if (mark === undefined || value.includes("\n"))
    throw new Error(`${name} holds characters that no env file can carry`);
  return mark + value.replaceAll("$", "\\$") + mark;
}
