/** Sends mails to the owners of accounts after the answer went out, so that no answer tells by its time who has one. */

import { rootCause } from "../../rules/failures.ts";
import type { MailText } from "../../rules/mail-texts.ts";
import type { Account } from "../../rules/principal.ts";
import type { Deps } from "../deps.ts";

export type Recipient = Pick<Account, "id" | "email">;

/** A mail that cannot be sent is told to the log: for whom and why, never what it holds. `key` makes it one mail. */
export function mailAfterAnswer(deps: Deps, to: Recipient, mail: MailText, key: string): void {
  deps.waitUntil(sendMail(deps, to, mail, key));
}

/** The same for work that goes on after the answer already. Never throws. */
export async function sendMail(deps: Deps, { id, email }: Recipient, mail: MailText, key: string): Promise<void> {
  try {
    await deps.mailer.send({ to: email, ...mail }, key, deps.now());
  } catch (error) {
    deps.log("error", "mail was not sent", { user_id: id, subject: mail.subject, error: rootCause(error).message });
  }
}
