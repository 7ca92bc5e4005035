/**
 * Starts everything of a local run in order and knows how to end it: checks, data directory, database and Redis,
 * migrations and seeds, the server, the bridge. Imports nothing of the product: it starts its programs.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { checkMachine } from "./checks.ts";
import { runProgram, startProgram } from "./child.ts";
import { announceDatabase, leaveDirectory, readSecrets, takeDirectory } from "./data-directory.ts";
import { type Database, startDatabase } from "./database.ts";
import { lanAddress, showAddress } from "./lan.ts";
import { endEnvironments } from "./leftovers.ts";
import { nodeOptions } from "./node-options.ts";
import { type DevOptions, StartFailure } from "./options.ts";
import { say } from "./output.ts";
import { buildPage } from "./page.ts";
import { freePort } from "./ports.ts";
import { type Reaper, startReaper } from "./reaper.ts";
import { startScripts } from "./scripts.ts";
import { startUpstashStandIn } from "./stand-ins.ts";
import { supervise } from "./supervise.ts";
import { givenVariables, type Variables } from "./variables.ts";
import { ask } from "./watching.ts";

/** Ends something; the last one added is called first. */
export type Cleanup = () => Promise<void> | void;

const readyWithinMs = 60_000;
const sweepEveryMs = 60_000;

/** Resolves when everything is ready. Adds to `cleanups` as it goes, so that a cut start can be ended too. */
export async function startEverything(options: DevOptions, root: string, cleanups: Cleanup[]): Promise<void> {
  const { port, dataDirectory } = options;
  const host = options.isLan ? "0.0.0.0" : "127.0.0.1";
  const publicUrl = `http://${options.isLan ? lanAddress() : "localhost"}:${port}`;
  await checkMachine(host, port);
  const reaper = await enterDirectory(dataDirectory, cleanups);
  const given = givenVariables(root, process.env);
  const secrets = readSecrets(dataDirectory);
  const [database, redis] = await Promise.all([
    startDatabase({ directory: dataDirectory, password: secrets.POSTGRES_PASSWORD, given, reaper }),
    given["UPSTASH_REDIS_REST_URL"] ? null : startUpstashStandIn(),
    buildPage(root),
  ]);
  cleanups.push(database.stop, () => redis?.close());
  const variables: Variables = {
    ENVIRONMENT: "development",
    LOG_FORMAT: process.stdout.isTTY ? "pretty" : "json",
    PUBLIC_URL: publicUrl,
    ALLOWED_ORIGINS: `${publicUrl},http://localhost:${port},http://127.0.0.1:${port}`,
    JWT_KEYS: secrets.JWT_KEYS,
    ENVIRONMENT_KEYS: secrets.ENVIRONMENT_KEYS,
    BRIDGE_TOKEN: secrets.BRIDGE_TOKEN,
    ...redis?.variables,
    ...given,
    ...database.variables,
    DATABASE_URL: database.url,
  };
  const preparing = prepareDatabase(root, database, variables, options.isLan);
  // Nobody in the network may meet the public passwords.
  if (options.isLan) await preparing;
  const place = { root, dataDirectory, host, port };
  const scripts = await startScripts(place, variables, reaper);
  cleanups.push(scripts.stop);
  const seedLines = await preparing;
  announceDatabase(dataDirectory, database.url);
  const url = `http://127.0.0.1:${port}`;
  await answers(`${url}/health/ready`, "the server was not ready");
  await startBridge({ root, dataDirectory, url, variables, reaper }, cleanups);
  cleanups.push(scripts.watch(), sweepRegularly(url));
  // Last of all, and only after a whole start: a cut one leaves the end to the reaper.
  cleanups.unshift(reaper.done);
  for (const line of seedLines) say(line);
  if (options.isLan) showAddress(publicUrl);
  say(`ready: http://localhost:${port}`);
}

/** Takes the data directory for us, guarded by a reaper, and ends what an earlier run left in it. */
async function enterDirectory(dataDirectory: string, cleanups: Cleanup[]): Promise<Reaper> {
  const reaper = startReaper(dataDirectory);
  await takeDirectory(dataDirectory, reaper.pid);
  cleanups.push(() => leaveDirectory(dataDirectory));
  endEnvironments(dataDirectory);
  cleanups.push(() => endEnvironments(dataDirectory));
  return reaper;
}

/** Migrates and seeds; what the seeds have to tell (new passwords) comes back. */
async function prepareDatabase(root: string, database: Database, variables: Variables, isLan: boolean) {
  const { code, lines } = await runProgram({
    name: "seed",
    args: [join(root, "migrations/seed.ts"), ...(isLan ? ["--random-passwords"] : [])],
    cwd: root,
    environment: { ...process.env, ...variables, DATABASE_URL: database.url },
  });
  if (code !== 0) throw new StartFailure(lines.at(-1) ?? "the database could not be prepared");
  return lines.filter((line) => line.startsWith("seed: password"));
}

/** Waits for a 200. */
async function answers(url: string, complaint: string): Promise<void> {
  const deadline = performance.now() + readyWithinMs;
  while ((await ask(url, readyWithinMs))?.status !== 200) {
    if (performance.now() > deadline) {
      throw new StartFailure(`${complaint} after ${readyWithinMs / 1000} s; its lines above tell why`);
    }
    await delay(50);
  }
}

interface BridgePlace {
  root: string;
  dataDirectory: string;
  url: string;
  variables: Variables;
  reaper: Reaper;
}

async function startBridge({ root, dataDirectory, url, variables, reaper }: BridgePlace, cleanups: Cleanup[]) {
  const healthPort = await freePort();
  const own = {
    BRIDGE_HEALTH_PORT: String(healthPort),
    BRIDGE_INSTANCE: "development",
    DEVPOCKET_URL: url,
    DEVPOCKET_DATA_DIR: dataDirectory,
    ENVIRONMENT: "development",
  };
  const wanted = ["BRIDGE_RUNTIME", "BRIDGE_TOKEN", "LOG_LEVEL", "LOG_FORMAT", "DEBUG"].flatMap((name) => {
    const value = variables[name];
    return value === undefined ? [] : [[name, value]];
  });
  const environment = { ...process.env, ...own, ...Object.fromEntries(wanted) };
  const program = { name: "bridge", args: [...nodeOptions, join(root, "bridge/main.ts")], cwd: root, environment };
  const bridge = await supervise("bridge", async () => startProgram(program, reaper));
  cleanups.push(bridge.stop);
  await answers(`http://127.0.0.1:${healthPort}/health`, "the bridge was not connected");
}

/** In production a cron does this; wrangler's local one never fires by itself. */
function sweepRegularly(url: string): Cleanup {
  const timer = setInterval(() => {
    // The watch over the server notices when it does not answer.
    fetch(`${url}/cdn-cgi/local/scheduled`, { signal: AbortSignal.timeout(sweepEveryMs) }).then(
      (response) => response.arrayBuffer(),
      (error: Error) => say(`the minute's sweep failed: ${error.message}`),
    );
  }, sweepEveryMs);
  return () => clearInterval(timer);
}
