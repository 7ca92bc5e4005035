/** `npm run dev`: one command that starts everything, says when it is ready, and ends all of it. */
import { fileURLToPath } from "node:url";
import { help, readOptions, StartFailure } from "./options.ts";
import { say } from "./output.ts";
import { type Cleanup, startEverything } from "./supervisor.ts";

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
  return error instanceof Error ? `${error.message}` : String(error);
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
  await startEverything(options, root, cleanups);
}

try {
  await main();
} catch (error) {
  console.error(`npm run dev: ${explain(error)}`);
  await end(1);
}
