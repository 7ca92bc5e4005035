/**
 * Where a Postgres cluster lives. Normally `<directory>/postgres`; as root, when the unprivileged account cannot
 * reach that, a directory of its own outside, remembered in `<directory>/postgres-place`.
 */
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Account, canReach } from "./account.ts";

/** The cluster's directory, made if missing, owned by the account with mode 0700. */
export function clusterDirectory(directory: string, account: Account | null): string {
  // For root others may pass through, not look: what lies inside has its own modes.
  mkdirSync(directory, { recursive: true, mode: account === null ? 0o700 : 0o711 });
  const inside = join(directory, "postgres");
  if (account === null || canReach(account, directory)) return own(inside, account);
  const note = join(directory, "postgres-place");
  const noted = existsSync(note) ? readFileSync(note, "utf8").trim() : "";
  if (noted !== "" && existsSync(noted)) return own(noted, account);
  const outside = mkdtempSync(join(publicDirectory(), "cluster-"));
  writeFileSync(note, `${outside}\n`);
  return own(outside, account);
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
