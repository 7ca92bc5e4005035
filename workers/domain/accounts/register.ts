/** Use case: a person makes an account and is signed in with it at once. */
import { Failed } from "../../rules/failures.ts";
import { hashPassword, saltBytes } from "../../rules/passwords.ts";
import type { Account } from "../../rules/principal.ts";
import type { TokenPair } from "../../rules/tokens.ts";
import { insertAccount, type NewAccount } from "../../store/accounts.ts";
import { sqlErrorIn, uniqueViolation } from "../../store/database.ts";
import type { NewSession } from "../../store/sessions.ts";
import { audit } from "../audit.ts";
import { beginCredentialAttempt, countMail } from "../credential-limits.ts";
import type { Deps } from "../deps.ts";
import { inBackground, mailVerification } from "./mail-secrets.ts";
import { inPasswordLine } from "./password-line.ts";
import { type Device, newSession } from "./session-tokens.ts";

export interface Registration {
  username: string;
  email: string;
  password: string;
  fullName: string | null;
}

/**
 * Fails as `already_exists` without telling which of the two names is taken; the password is hashed either way, so
 * that the answer takes as long, and the mail that verifies an address goes out after it. A server that does not verify
 * addresses takes them at their word.
 */
export async function register(
  deps: Deps,
  registration: Registration,
  device: Device,
): Promise<{ account: Account; tokens: TokenPair }> {
  const attempt = await beginCredentialAttempt(deps, {
    subject: `register:${registration.email.toLowerCase()}`,
    address: device.address,
  });
  const mustVerify = deps.config.mail.requiresVerification;
  if (mustVerify) await countMail(deps, device.address);
  const { password, ...names } = registration;
  const id = deps.newId("usr");
  const { session, tokens } = await newSession(deps, id, device);
  const account = await inPasswordLine(deps, async () => {
    const passwordHash = await hashPassword(password, deps.randomBytes(saltBytes));
    return insert(deps, { ...names, id, passwordHash, isVerified: !mustVerify, now: deps.now() }, session);
  });
  if (mustVerify) inBackground(deps, () => mailVerification(deps, account));
  deps.waitUntil(attempt.succeed());
  audit(deps, {
    action: "account.register",
    actor: { userId: id, sessionId: session.id, scopes: null },
    target: { kind: "user", id },
  });
  deps.log("info", "account registered", { user_id: id });
  return { account, tokens };
}

async function insert(deps: Deps, account: NewAccount, session: NewSession): Promise<Account> {
  try {
    return await insertAccount(deps.db, account, session);
  } catch (error) {
    if (sqlErrorIn(error)?.code !== uniqueViolation) throw error;
    throw new Failed({ kind: "already_exists", what: "account", field: "username" }, { cause: error });
  }
}
