/** Which system account may run Postgres (it refuses root), and what that account can reach. */
import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";

export interface Account {
  uid: number;
  gid: number;
}

/** The account to drop to: null for ordinary users, `postgres` or `nobody` for root. */
export function unprivilegedAccount(): Account | null {
  if (process.getuid?.() !== 0) return null;
  const accounts = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const found = accounts.find(([name]) => name === "postgres") ?? accounts.find(([name]) => name === "nobody") ?? [];
  const [, , uid, gid] = found.map(Number);
  if (!uid || !gid) throw new Error("running as root, and there is no account `nobody` to run Postgres as");
  return { uid, gid };
}

/** Whether `account` may enter `path` and everything above it (permission bits only, no access lists). */
export function canReach(account: Account, path: string): boolean {
  const { mode, uid, gid } = statSync(path);
  const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
  const isEnterable = (mode & bit) !== 0;
  return isEnterable && (path === dirname(path) || canReach(account, dirname(path)));
}
