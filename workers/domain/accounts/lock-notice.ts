/** Tells the owner of an account that wrong passwords have locked it: once a lock, by mail and in the audit log. */
import { lockMail } from "../../rules/mail-texts.ts";
import type { Account } from "../../rules/principal.ts";
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { mailAfterAnswer } from "./mailing.ts";

/** Called by the attempt that locked it, and by no other. The mail holds no secret. */
export function tellLocked(deps: Deps, account: Account, { isKnownDevice }: { isKnownDevice: boolean }): void {
  const { lockSeconds } = deps.config.limits;
  audit(deps, {
    action: "account.lock",
    actor: { kind: "system", id: null },
    target: { kind: "user", id: account.id },
    detail: { seconds: lockSeconds, known_device: isKnownDevice },
  });
  deps.log("warn", "account locked", { user_id: account.id });
  const mail = lockMail({
    username: account.username,
    minutes: Math.ceil(lockSeconds / 60),
    publicUrl: deps.publicUrl,
  });
  mailAfterAnswer(deps, account, mail, `lock/${account.id}/${deps.now().getTime()}`);
}
