/**
 * Runs a command of the db:* scripts with DATABASE_URL and the keys set: those of the shell or `.dev.vars`, or else
 * the local database, the running one or one started for the time of the command.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { currentRun, makeDataDirectory, readSecrets } from "./data-directory.ts";
import { readOptions } from "./options.ts";
import { startPostgres } from "./postgres/launch.ts";
import { givenVariables, type Variables } from "./variables.ts";

const root = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");

async function main(command: string[]): Promise<number> {
  const given = givenVariables(root, process.env);
  if (given["DATABASE_URL"]) return run(command, given);
  const { dataDirectory } = readOptions([], process.env, root);
  makeDataDirectory(dataDirectory);
  const { POSTGRES_PASSWORD, ...secrets } = readSecrets(dataDirectory);
  const local = { ENVIRONMENT: "development", ...secrets, ...given };
  const running = currentRun(dataDirectory)?.databaseUrl;
  if (running) return run(command, { ...local, DATABASE_URL: running });
  const postgres = await startPostgres({ directory: dataDirectory, password: POSTGRES_PASSWORD, isDurable: true });
  try {
    return run(command, { ...local, DATABASE_URL: postgres.url("postgres") });
  } finally {
    await postgres.stop();
  }
}

function run([program = "", ...args]: string[], variables: Variables): number {
  return spawnSync(program, args, { cwd: root, env: { ...process.env, ...variables }, stdio: "inherit" }).status ?? 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`the database cannot be reached: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
