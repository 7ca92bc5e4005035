/** Use cases of one's own account: change it, its password, look at its numbers, leave. */
import { Failed } from "../../rules/failures.ts";
import { hashPassword, saltBytes, verifyPassword } from "../../rules/passwords.ts";
import type { Account, Principal } from "../../rules/principal.ts";
import { findCredentials, type ProfileChange, updatePassword, updateProfile } from "../../store/accounts.ts";
import { sqlErrorIn, uniqueViolation } from "../../store/database.ts";
import { audit } from "../audit.ts";
import { beginCredentialAttempt } from "../credential-limits.ts";
import type { Deps } from "../deps.ts";
import { inPasswordLine } from "./password-line.ts";
import { endSockets } from "./sessions.ts";

/**
 * Fails as `already_exists` when the user name is taken, and with `onlyAsSeen` as `precondition_failed` when the
 * account is no longer as this request found it.
 */
export async function changeProfile(
  deps: Deps,
  principal: Principal,
  change: ProfileChange,
  onlyAsSeen: boolean,
): Promise<Account> {
  try {
    const seen = onlyAsSeen ? principal.account : null;
    const account = await updateProfile(deps.db, { userId: principal.userId, change, seen, now: deps.now() });
    if (account === null) throw new Failed({ kind: "precondition_failed" });
    const fields = Object.entries(change).flatMap(([field, value]) => (value === undefined ? [] : [field]));
    audit(deps, { ...own(principal), action: "account.change", detail: { fields } });
    return account;
  } catch (error) {
    if (sqlErrorIn(error)?.code !== uniqueViolation) throw error;
    throw new Failed({ kind: "already_exists", what: "username", field: "username" }, { cause: error });
  }
}

/** Ends every other session. Fails as `wrong_current_password`. */
export async function changePassword(
  deps: Deps,
  principal: Principal,
  passwords: { current: string; next: string; address: string },
): Promise<void> {
  await confirmPassword(deps, principal, passwords.current, passwords.address).catch((error: unknown) => {
    audit(deps, { ...own(principal), action: "password.change", outcome: "failed" });
    throw error;
  });
  const { userId, sessionId } = principal;
  await inPasswordLine(deps, async () => {
    const passwordHash = await hashPassword(passwords.next, deps.randomBytes(saltBytes));
    await updatePassword(deps.db, { userId, passwordHash, keepSessionId: sessionId, now: deps.now() });
  });
  endSockets(deps, userId, { exceptSessionId: sessionId });
  audit(deps, { ...own(principal), action: "password.change" });
  deps.log("info", "password changed", { user_id: userId });
}

function own(principal: Principal) {
  return { actor: principal, target: { kind: "user", id: principal.userId } } as const;
}

/** Whether the person at this session knows the account's password; tries are counted as logins are. */
export async function confirmPassword(
  deps: Deps,
  principal: Principal,
  password: string,
  address: string,
): Promise<void> {
  const attempt = await beginCredentialAttempt(deps, { subject: `confirm:${principal.userId}`, address });
  const credentials = await findCredentials(deps.db, principal.userId);
  const hash = credentials?.passwordHash ?? null;
  const isRight = hash !== null && (await inPasswordLine(deps, () => verifyPassword(hash, password)));
  if (!isRight) throw new Failed({ kind: "wrong_current_password" });
  await attempt.succeed();
}
