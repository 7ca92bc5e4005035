/** Use cases of a password nobody remembers: a link by mail, and the new password it leads to. */
import { Failed } from "../../rules/failures.ts";
import { hashPassword, saltBytes } from "../../rules/passwords.ts";
import { hashOf } from "../../rules/tokens.ts";
import { findAccountByEmail } from "../../store/accounts.ts";
import { isMailTokenGood, resetByToken } from "../../store/mail-secrets.ts";
import { audit } from "../audit.ts";
import { beginCredentialAttempt } from "../credential-limits.ts";
import type { Deps } from "../deps.ts";
import { answerFirst, mailReset } from "./mail-secrets.ts";
import { inPasswordLine } from "./password-line.ts";
import { endSockets } from "./sessions.ts";

/** Mails a link to the owner of an address, if somebody has it; says nothing of whether it did. */
export async function requestReset(deps: Deps, email: string, address: string): Promise<void> {
  await answerFirst(deps, address, async () => {
    const account = await findAccountByEmail(deps.db, email);
    if (account === null || !account.isActive || !(await mailReset(deps, account))) return;
    audit(deps, { action: "password.request_reset", target: { kind: "user", id: account.id } });
  });
}

/**
 * Sets the password of whoever shows a mailed token, the first one of an account that had none too. Every session,
 * socket and personal token ends and locks are forgotten; nobody is signed in. Fails as `invalid_code`, `busy` or
 * `too_many_requests`.
 */
export async function resetPassword(deps: Deps, shown: { token: string; password: string }, address: string) {
  const attempt = await beginCredentialAttempt(deps, { subject: null, address });
  const token = { hash: hashOf(shown.token.trim()), purpose: "reset_password", now: deps.now() } as const;
  // A guessed token costs no hash.
  const userId = (await isMailTokenGood(deps.db, token)) ? await replace(deps, token.hash, shown.password) : null;
  if (userId === null) throw new Failed({ kind: "invalid_code" });
  endSockets(deps, userId, "all");
  deps.waitUntil(attempt.succeed());
  audit(deps, { action: "password.reset", target: { kind: "user", id: userId } });
  deps.log("info", "password reset", { user_id: userId });
}

function replace(deps: Deps, hash: string, password: string): Promise<string | null> {
  return inPasswordLine(deps, async () => {
    const passwordHash = await hashPassword(password, deps.randomBytes(saltBytes));
    return resetByToken(deps.db, { hash, passwordHash, now: deps.now() });
  });
}
