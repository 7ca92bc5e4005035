/**
 * Use case: signing in with a name and a password. An unknown name takes the same way as a known one. Wrong passwords
 * count for the account, or for the one device of it that is known, so that a stranger's lock only strangers out.
 */
import { isEmail, normalizedName } from "../../rules/credentials.ts";
import { deviceHashes, knownDeviceSeconds } from "../../rules/devices.ts";
import { Failed } from "../../rules/failures.ts";
import { dummyHash, hashPassword, needsRehash, saltBytes, verifyPassword } from "../../rules/passwords.ts";
import type { Account } from "../../rules/principal.ts";
import { hashOf, type TokenPair } from "../../rules/tokens.ts";
import type { Credentials } from "../../store/accounts.ts";
import { recordFailure } from "../../store/login-attempts.ts";
import { findSignIn, recordSignIn, type SignInState } from "../../store/sign-in.ts";
import { audit } from "../audit.ts";
import { type Attempt, beginCredentialAttempt, countFailure, refuseExhausted } from "../credential-limits.ts";
import type { Deps } from "../deps.ts";
import { secondsUntil } from "../limits.ts";
import { tellLocked } from "./lock-notice.ts";
import { inPasswordLine } from "./password-line.ts";
import { type Device, newSession } from "./session-tokens.ts";

/** Fails as `wrong_credentials`, `account_locked`, `too_many_requests`, `busy`, or `forbidden` for a disabled account. */
export async function login(
  deps: Deps,
  typed: { name: string; password: string },
  device: Device,
): Promise<{ account: Account; tokens: TokenPair }> {
  const [state, ofAddress] = await Promise.all([
    find(deps, normalizedName(typed.name), device),
    beginCredentialAttempt(deps, { subject: null, address: device.address }),
  ]);
  const { credentials, lockedUntil } = state;
  if (lockedUntil !== null && lockedUntil > deps.now()) throw lockedFailure(deps, lockedUntil);
  const hash = credentials?.passwordHash ?? dummyHash;
  // Another password is another count: whoever has just reset theirs may sign in at once.
  const attempt = { subject: `${state.subject}:${hash}`, address: device.address };
  await refuseExhausted(deps, attempt);
  const signedIn = await inPasswordLine(deps, async () => {
    const isRight = await verifyPassword(hash, typed.password);
    if (credentials === null || !isRight) return refuse(deps, state, attempt);
    if (!credentials.account.isActive) return refuseDisabled(deps, credentials.account.id);
    return begin(deps, credentials, { subject: state.subject, password: typed.password }, device);
  });
  deps.waitUntil(ofAddress.succeed());
  return signedIn;
}

function find(deps: Deps, name: string, device: Device): Promise<SignInState> {
  return findSignIn(deps.db, {
    name: { kind: isEmail(name) ? "email" : "username", text: name },
    strangerSubject: `name:${hashOf(name)}`,
    deviceHashes: deviceHashes(device),
    knownSince: new Date(deps.now().getTime() - knownDeviceSeconds * 1000),
  });
}

function lockedFailure(deps: Deps, lockedUntil: Date): Failed {
  return new Failed({ kind: "account_locked", retryAfterSeconds: secondsUntil(lockedUntil, deps.now()) });
}

async function refuse(deps: Deps, { credentials, subject }: SignInState, attempt: Attempt): Promise<never> {
  const { lockFailures, lockSeconds } = deps.config.limits;
  const account = credentials?.account;
  auditRefusal(deps, account?.id, "wrong_credentials");
  const [state] = await Promise.all([
    recordFailure(deps.db, { subject, lockFailures, lockSeconds, now: deps.now() }),
    countFailure(deps, attempt),
  ]);
  if (state === "locked_before") throw new Failed({ kind: "account_locked", retryAfterSeconds: lockSeconds });
  if (state === "locked_now" && account !== undefined)
    tellLocked(deps, account, { isKnownDevice: subject.includes("/") });
  throw new Failed({ kind: "wrong_credentials" });
}

function refuseDisabled(deps: Deps, userId: string): never {
  auditRefusal(deps, userId, "disabled");
  throw new Failed({ kind: "forbidden", detail: "This account is disabled" });
}

/** What was typed is in no row: people type their password into the field of the name. */
function auditRefusal(deps: Deps, userId: string | undefined, reason: string): void {
  const target = userId === undefined ? {} : ({ target: { kind: "user", id: userId } } as const);
  audit(deps, { action: "session.create", outcome: "failed", ...target, detail: { reason } });
}

async function begin(
  deps: Deps,
  credentials: Credentials,
  { subject, password }: { subject: string; password: string },
  device: Device,
) {
  const userId = credentials.account.id;
  const isOutdated = credentials.passwordHash !== null && needsRehash(credentials.passwordHash);
  const newHash = isOutdated ? await hashPassword(password, deps.randomBytes(saltBytes)) : null;
  const { session, tokens } = await newSession(deps, userId, device);
  const signIn = { userId, subject, verifiedHash: credentials.passwordHash, newHash, now: deps.now() };
  const account = await recordSignIn(deps.db, signIn, session);
  if (account === "password_changed") throw new Failed({ kind: "wrong_credentials" });
  if (account === "locked")
    throw new Failed({ kind: "account_locked", retryAfterSeconds: deps.config.limits.lockSeconds });
  audit(deps, {
    action: "session.create",
    actor: { userId, sessionId: session.id, scopes: null },
    target: { kind: "session", id: session.id },
    detail: { method: "password" },
  });
  deps.log("info", "signed in", { user_id: userId });
  return { account, tokens };
}
