/**
 * Where a Postgres cluster lives. Normally `<directory>/postgres`; as root, when the unprivileged account cannot
 * reach that, a directory of its own outside, remembered in `<directory>/postgres-place`.
 */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processArguments } from "../proc.ts";
import { type Account, canReach } from "./account.ts";

/** Notes that a directory and its cluster outside keep of each other. */
const placeNote = "postgres-place";
const ownerNote = "belongs-to";

/** The cluster's directory, made if missing, owned by the account with mode 0700. */
export function clusterDirectory(directory: string, account: Account | null): string {
  // For root others may pass through, not look: what lies inside has its own modes.
  mkdirSync(directory, { recursive: true, mode: account === null ? 0o700 : 0o711 });
  if (account === null || canReach(account, directory)) return own(join(directory, "postgres"), account);
  const base = publicDirectory();
  removeAbandoned(base);
  const noted = notedPlace(directory);
  if (noted !== null && existsSync(noted)) return own(noted, account);
  const outside = mkdtempSync(join(base, "cluster-"));
  // In this order: with the owner's note alone it would be abandoned for whoever starts at the same time.
  writeFileSync(join(directory, placeNote), outside);
  writeFileSync(join(outside, ownerNote), directory);
  return own(outside, account);
}

/** Outside clusters whose directory has been deleted or has another cluster by now. */
function removeAbandoned(base: string): void {
  for (const name of readdirSync(base).filter((entry) => entry.startsWith("cluster-"))) {
    const outside = join(base, name);
    const owner = readNote(join(outside, ownerNote));
    // Without the note it is being made right now, or another start removes it.
    if (owner === null || notedPlace(owner) === outside) continue;
    if (!isRunning(join(outside, "data"))) rmSync(outside, { recursive: true, force: true });
  }
}

function notedPlace(directory: string): string | null {
  return readNote(join(directory, placeNote));
}

/** Null where there is none, or nothing in it yet; it may go while we look. */
function readNote(path: string): string | null {
  try {
    return readFileSync(path, "utf8") || null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Whether a Postgres of this data directory runs; its lock file alone proves nothing after a crash. */
function isRunning(data: string): boolean {
  return runningServer(data) !== null;
}

/** The process number of the Postgres that runs on this data directory, or null. */
export function runningServer(data: string): number | null {
  const lock = join(data, "postmaster.pid");
  if (!existsSync(lock)) return null;
  const pid = Number(readFileSync(lock, "utf8").split("\n")[0]);
  return processArguments(pid).includes(data) ? pid : null;
}

/** A directory that every account may enter and only root may write, for copies of the programs and clusters. */
export function publicDirectory(): string {
  const candidates = ["/var/lib/devpocket", join(tmpdir(), `devpocket-${process.getuid?.() ?? 0}`)];
  for (const candidate of candidates) {
    try {
      mkdirSync(candidate, { recursive: true });
      chmodSync(candidate, 0o711);
      return candidate;
    } catch (error) {
      if (candidate === candidates.at(-1)) throw error;
    }
  }
  throw new Error("no place for Postgres");
}

function own(directory: string, account: Account | null): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  if (account !== null) chownSync(directory, account.uid, account.gid);
  return directory;
}

/** Writes a file that only the account (or we) may read. */
export function writeOwned(path: string, text: string, account: Account | null): void {
  writeFileSync(path, text, { mode: 0o600 });
  if (account !== null) chownSync(path, account.uid, account.gid);
}
