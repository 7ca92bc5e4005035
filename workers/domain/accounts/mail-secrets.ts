/** Issues the secrets that mails carry and sends them; all of it after the answer, whoever asked and for whom. */
import { rootCause } from "../../rules/failures.ts";
import {
  codeBytes,
  codeFrom,
  codeHash,
  linkSeconds,
  type MailPurpose,
  mailPauseSeconds,
} from "../../rules/mail-secrets.ts";
import { resetMail, verificationMail } from "../../rules/mail-texts.ts";
import type { Account } from "../../rules/principal.ts";
import { base64url, secretBytes } from "../../rules/secrets.ts";
import { hashOf } from "../../rules/tokens.ts";
import { issueMailSecret } from "../../store/mail-secrets.ts";
import { beginCredentialAttempt, countMail } from "../credential-limits.ts";
import type { Deps } from "../deps.ts";
import { sendMail } from "./mailing.ts";

export type Addressee = Pick<Account, "id" | "username" | "email">;

/** Mails a link and a code that verify the address, unless one went out within the minute. */
export async function mailVerification(deps: Deps, { id: userId, username, email }: Addressee): Promise<void> {
  const code = codeFrom(deps.randomBytes(codeBytes));
  const issued = await issue(deps, userId, "verify_email", code);
  if (issued === null) return;
  const link = `${deps.publicUrl}/#/verify/${issued.token}`;
  await sendMail(deps, { id: userId, email }, verificationMail({ username, link, code }), issued.id);
}

/** Mails a link that leads to a new password, unless one went out within the minute; tells whether it did. */
export async function mailReset(deps: Deps, { id: userId, username, email }: Addressee): Promise<boolean> {
  const issued = await issue(deps, userId, "reset_password", null);
  if (issued === null) return false;
  const link = `${deps.publicUrl}/#/reset/${issued.token}`;
  await sendMail(deps, { id: userId, email }, resetMail({ username, link }), issued.id);
  return true;
}

/**
 * Does what a request for mail leads to after its answer: known and unknown addresses are answered alike and as fast.
 * First the request is counted for where it came from; fails as `too_many_requests`.
 */
export async function answerFirst(deps: Deps, address: string, work: () => Promise<void>): Promise<void> {
  await Promise.all([beginCredentialAttempt(deps, { subject: null, address }), countMail(deps, address)]);
  inBackground(deps, work);
}

/** Work after the answer; what goes wrong is told to the log without the values of a query. */
export function inBackground(deps: Deps, work: () => Promise<void>): void {
  const done = work().catch((error: unknown) => {
    deps.log("error", "mail was not prepared", { error: rootCause(error).message });
  });
  deps.waitUntil(done);
}

async function issue(deps: Deps, userId: string, purpose: MailPurpose, code: string | null) {
  const now = deps.now();
  const id = deps.newId("mls");
  const token = base64url(deps.randomBytes(secretBytes));
  const secret = {
    id,
    userId,
    purpose,
    tokenHash: hashOf(token),
    codeHash: code === null ? null : codeHash(id, code),
    createdAt: now,
    expiresAt: new Date(now.getTime() + linkSeconds[purpose] * 1000),
  };
  const notSince = new Date(now.getTime() - mailPauseSeconds * 1000);
  return (await issueMailSecret(deps.db, secret, notSince)) ? { id, token } : null;
}
