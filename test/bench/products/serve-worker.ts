/**
 * Serves one Worker in wrangler's test harness, in a process of its own so that its work is not the measuring
 * process's. Arguments: the configuration's path and the variables as JSON. Prints `listening URL`; ends with its stdin.
 */
import { createTestHarness } from "wrangler";

const [configPath, variables] = process.argv.slice(2);
if (configPath === undefined || variables === undefined) throw new Error("usage: serve-worker.ts CONFIG VARIABLES");

const harness = createTestHarness({
  workers: [{ configPath, vars: JSON.parse(variables) as Record<string, string> }],
});
const { url } = await harness.listen();
process.stdout.write(`listening ${url.origin}\n`);
process.stdin.on("end", () => harness.close().then(() => process.exit(0))).resume();
