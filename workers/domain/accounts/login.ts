/** Use case: signing in with a name and a password. An unknown name takes the same way as a known one. */
import { isEmail, normalizedName } from "../../rules/credentials.ts";
import { Failed } from "../../rules/failures.ts";
import { dummyHash, hashPassword, needsRehash, saltBytes, verifyPassword } from "../../rules/passwords.ts";
import type { Account } from "../../rules/principal.ts";
import { hashOf, type TokenPair } from "../../rules/tokens.ts";
import {
  type Credentials,
  findCredentialsByEmail,
  findCredentialsByUsername,
  recordSignIn,
} from "../../store/accounts.ts";
import { findLock, recordFailure } from "../../store/login-attempts.ts";
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { beginCredentialAttempt } from "../credential-limits.ts";
import { secondsUntil } from "../limits.ts";
import { type Device, newSession } from "./session-tokens.ts";

/** Fails as `wrong_credentials`, `account_locked`, `too_many_requests`, or `forbidden` for a disabled account. */
export async function login(
  deps: Deps,
  typed: { name: string; password: string },
  device: Device,
): Promise<{ account: Account; tokens: TokenPair }> {
  const name = normalizedName(typed.name);
  const credentials = await findByName(deps, name);
  const subject = credentials?.account.id ?? `name:${hashOf(name)}`;
  await refuseLocked(deps, subject);
  const attempt = await beginCredentialAttempt(deps, { subject, address: device.address });
  const isRight = await verifyPassword(credentials?.passwordHash ?? dummyHash, typed.password);
  if (credentials === null || !isRight) return refuse(deps, subject, credentials?.account.id);
  if (!credentials.account.isActive) {
    auditRefusal(deps, credentials.account.id, "disabled");
    throw new Failed({ kind: "forbidden", detail: "This account is disabled" });
  }
  const signedIn = await begin(deps, credentials, typed.password, device);
  await attempt.succeed();
  return signedIn;
}

function findByName(deps: Deps, name: string): Promise<Credentials | null> {
  return isEmail(name) ? findCredentialsByEmail(deps.db, name) : findCredentialsByUsername(deps.db, name);
}

async function refuseLocked(deps: Deps, subject: string): Promise<void> {
  const lockedUntil = await findLock(deps.db, subject, deps.now());
  if (lockedUntil === null) return;
  throw new Failed({ kind: "account_locked", retryAfterSeconds: secondsUntil(lockedUntil, deps.now()) });
}

async function refuse(deps: Deps, subject: string, userId: string | undefined): Promise<never> {
  const { lockFailures, lockSeconds } = deps.config.limits;
  await recordFailure(deps.db, { subject, lockFailures, lockSeconds, now: deps.now() });
  auditRefusal(deps, userId, "wrong_credentials");
  throw new Failed({ kind: "wrong_credentials" });
}

/** What was typed is in no row: people type their password into the field of the name. */
function auditRefusal(deps: Deps, userId: string | undefined, reason: string): void {
  const target = userId === undefined ? {} : ({ target: { kind: "user", id: userId } } as const);
  audit(deps, { action: "session.create", outcome: "failed", ...target, detail: { reason } });
}

async function begin(deps: Deps, credentials: Credentials, password: string, device: Device) {
  const userId = credentials.account.id;
  const isOutdated = credentials.passwordHash !== null && needsRehash(credentials.passwordHash);
  const passwordHash = isOutdated ? await hashPassword(password, deps.randomBytes(saltBytes)) : null;
  const { session, tokens } = await newSession(deps, userId, device);
  const signIn = { userId, attemptSubject: userId, passwordHash, now: deps.now() };
  const account = await recordSignIn(deps.db, signIn, session);
  audit(deps, {
    action: "session.create",
    actor: { userId, sessionId: session.id, scopes: null },
    target: { kind: "session", id: session.id },
    detail: { method: "password" },
  });
  deps.log("info", "signed in", { user_id: userId });
  return { account, tokens };
}
