/**
 * The directory everything local is kept in: private, used by one supervisor at a time, with the secrets that were
 * made for it.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { newBridgeToken, newEnvironmentKeys, newJwtKeys, newSecret } from "./keys.ts";
import { StartFailure } from "./options.ts";
import { processStart } from "./proc.ts";

const secretsSchema = z.object({
  JWT_KEYS: z.string(),
  ENVIRONMENT_KEYS: z.string(),
  BRIDGE_TOKEN: z.string(),
  POSTGRES_PASSWORD: z.string(),
});
export type Secrets = z.infer<typeof secretsSchema>;

const runSchema = z.object({
  supervisor: z.object({ pid: z.number(), start: z.string() }),
  reaper: z.object({ pid: z.number(), start: z.string() }),
  databaseUrl: z.string().nullable(),
});
/** Who uses the directory now, and where its database listens. */
export type Run = z.infer<typeof runSchema>;

const previousRunEndsWithinMs = 10_000;

/** Others may pass through a directory that root makes (Postgres does not run as root); its files are private. */
export function makeDataDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
    writeFileSync(join(directory, ".gitignore"), "*\n");
  } catch (error) {
    throw new StartFailure(`cannot write to the data directory ${directory}: ${(error as Error).message}`);
  }
}

/** The run that uses the directory, or null. */
export function currentRun(directory: string): Run | null {
  const path = join(directory, "run.json");
  if (!existsSync(path)) return null;
  const parsed = runSchema.safeParse(parseJson(readFileSync(path, "utf8")));
  return parsed.success && isAlive(parsed.data.supervisor) ? parsed.data : null;
}

/** Takes the directory for this process; waits for a killed predecessor's reaper. */
export async function takeDirectory(directory: string, reaperPid: number): Promise<void> {
  const other = currentRun(directory);
  if (other !== null) {
    throw new StartFailure(`${directory} is used by another npm run dev (process ${other.supervisor.pid})`);
  }
  await previousReaperEnded(directory);
  writeRun(directory, { supervisor: identify(process.pid), reaper: identify(reaperPid), databaseUrl: null });
}

/** Tells db:* scripts where the database is, while we run. */
export function announceDatabase(directory: string, databaseUrl: string): void {
  const run = currentRun(directory);
  if (run !== null) writeRun(directory, { ...run, databaseUrl });
}

export function leaveDirectory(directory: string): void {
  rmSync(join(directory, "run.json"), { force: true });
}

/** The secrets made for this directory; missing ones are made now and kept. */
export function readSecrets(directory: string): Secrets {
  const path = join(directory, "secrets.json");
  const kept = secretsSchema.partial().parse(existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {});
  const secrets: Secrets = {
    JWT_KEYS: kept.JWT_KEYS ?? newJwtKeys(),
    ENVIRONMENT_KEYS: kept.ENVIRONMENT_KEYS ?? newEnvironmentKeys(),
    BRIDGE_TOKEN: kept.BRIDGE_TOKEN ?? newBridgeToken(),
    POSTGRES_PASSWORD: kept.POSTGRES_PASSWORD ?? newSecret(),
  };
  writePrivate(path, `${JSON.stringify(secrets, null, 2)}\n`);
  return secrets;
}

/** A directory that only we may enter, whatever modes its files get from others' programs. */
export function makePrivate(directory: string): void {
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o700);
}

/** Only we may read it. */
export function writePrivate(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 });
}

function writeRun(directory: string, run: Run): void {
  writePrivate(join(directory, "run.json"), JSON.stringify(run));
}

function identify(pid: number): { pid: number; start: string } {
  return { pid, start: processStart(pid) ?? "" };
}

function isAlive({ pid, start }: { pid: number; start: string }): boolean {
  return start !== "" && processStart(pid) === start;
}

async function previousReaperEnded(directory: string): Promise<void> {
  const path = join(directory, "run.json");
  const parsed = runSchema.safeParse(existsSync(path) ? parseJson(readFileSync(path, "utf8")) : null);
  const deadline = Date.now() + previousRunEndsWithinMs;
  while (parsed.success && isAlive(parsed.data.reaper) && Date.now() < deadline) await delay(50);
}

/** A file that a crash cut short is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
