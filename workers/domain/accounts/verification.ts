/** Use cases of an address that has to be verified: by a mailed link, by the code of the same mail, by another mail. */
import { Failed } from "../../rules/failures.ts";
import { codePattern, codeSeconds, codeTries } from "../../rules/mail-secrets.ts";
import type { Principal } from "../../rules/principal.ts";
import { hashOf } from "../../rules/tokens.ts";
import { findAccountByEmail } from "../../store/accounts.ts";
import { verifyByCode, verifyByToken } from "../../store/mail-secrets.ts";
import { audit } from "../audit.ts";
import { beginCredentialAttempt } from "../credential-limits.ts";
import type { Deps } from "../deps.ts";
import { answerFirst, mailVerification } from "./mail-secrets.ts";

/**
 * Six digits are a code, which is only good together with whoever is signed in; anything else is the token of a link.
 * Fails as `invalid_code`, and nothing tells whether it was wrong, used, replaced or late, or `too_many_requests`.
 */
export async function verifyEmail(
  deps: Deps,
  shown: { token: string; principal: Principal | null; address: string },
): Promise<void> {
  const { principal, address } = shown;
  const token = shown.token.trim();
  const isCode = codePattern.test(token);
  const subject = isCode && principal !== null ? `verify:${principal.userId}` : null;
  const attempt = await beginCredentialAttempt(deps, { subject, address });
  const userId = isCode ? await byCode(deps, principal, token) : await byToken(deps, token);
  const actor = principal === null ? {} : { actor: principal };
  if (userId === null) {
    if (principal !== null)
      audit(deps, { action: "account.verify", outcome: "failed", ...actor, target: userTarget(principal.userId) });
    throw new Failed({ kind: "invalid_code" });
  }
  deps.waitUntil(attempt.succeed());
  const detail = { by: isCode ? "code" : "link" };
  audit(deps, { action: "account.verify", ...actor, target: userTarget(userId), detail });
  deps.log("info", "address verified", { user_id: userId });
}

/** Mails a new link and code to whoever is signed in, or to this address; says nothing of whether it did. */
export async function resendVerification(
  deps: Deps,
  to: { principal: Principal } | { email: string },
  address: string,
): Promise<void> {
  await answerFirst(deps, address, async () => {
    const account = "email" in to ? await findAccountByEmail(deps.db, to.email) : to.principal.account;
    if (account?.isActive && !account.isVerified) await mailVerification(deps, account);
  });
}

async function byCode(deps: Deps, principal: Principal | null, code: string): Promise<string | null> {
  if (principal === null) return null;
  const { userId } = principal;
  const now = deps.now();
  const notBefore = new Date(now.getTime() - codeSeconds * 1000);
  return (await verifyByCode(deps.db, { userId, code, tries: codeTries, notBefore, now })) ? userId : null;
}

function byToken(deps: Deps, token: string): Promise<string | null> {
  return verifyByToken(deps.db, { hash: hashOf(token), now: deps.now() });
}

function userTarget(id: string) {
  return { kind: "user", id } as const;
}
