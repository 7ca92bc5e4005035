/** `npm run dev`: one command that starts everything, says when it is ready, and ends all of it. */
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeDataDirectory } from "./data-directory.ts";
import { help, readOptions, StartFailure } from "./options.ts";
import { say } from "./output.ts";
import type { Cleanup } from "./supervisor.ts";

const cleanups: Cleanup[] = [];
let isEnding = false;

/** Ends what was started, last first. A start that was cut off is finished by the reaper, which sees us go. */
async function end(exitCode: number): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  for (const cleanup of cleanups.splice(0).reverse()) {
    try {
      await cleanup();
    } catch (error) {
      say(`while ending: ${error instanceof Error ? error.message : error}`);
    }
  }
  process.exit(exitCode);
}

function explain(error: unknown): string {
  if (error instanceof StartFailure) return error.message;
  return error instanceof Error ? error.message : String(error);
}

/** Keeps compiled code, ours and the children's: a fifth less work at every start but the first. */
function cachingCompiled(directory: string): Promise<typeof import("./supervisor.ts")> {
  makeDataDirectory(join(directory, ".."));
  process.env["NODE_COMPILE_CACHE"] ??= directory;
  enableCompileCache(process.env["NODE_COMPILE_CACHE"]);
  return import("./supervisor.ts");
}

async function main(): Promise<void> {
  const root = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");
  const options = readOptions(process.argv.slice(2), process.env, root);
  if (options.wantsHelp) {
    say(help);
    return;
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => end(0));
  // The terminal may go before us.
  process.stdout.on("error", () => {});
  const { startEverything } = await cachingCompiled(join(options.dataDirectory, "cache"));
  await startEverything(options, root, cleanups);
}

try {
  await main();
} catch (error) {
  console.error(`npm run dev: ${explain(error)}`);
  await end(1);
}
