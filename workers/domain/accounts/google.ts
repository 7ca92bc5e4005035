/**
 * Use case: signing in by a Google identity. Who has one is known by issuer and subject alone. The first time it comes
 * it is linked to the account of its verified e-mail address, if nobody else's identity is, or begins an account.
 *
 * An account may have been registered by a stranger with somebody else's address, to be found open when its owner comes
 * by Google. So, unless the address was once proven to us, linking ends everything that opened the account before.
 */
import { verifyIdToken } from "../../clients/google.ts";
import type { GoogleConfig } from "../../rules/config.ts";
import { Failed } from "../../rules/failures.ts";
import { type ProviderIdentity, usernameFor } from "../../rules/identities.ts";
import type { Account } from "../../rules/principal.ts";
import { hashOf, type TokenPair } from "../../rules/tokens.ts";
import { notNullViolation, sqlErrorIn, uniqueViolation } from "../../store/database.ts";
import { findIdentity, insertIdentityAccount, linkIdentity, recordIdentitySignIn } from "../../store/identities.ts";
import type { NewSession } from "../../store/sessions.ts";
import { audit } from "../audit.ts";
import { beginCredentialAttempt } from "../credential-limits.ts";
import type { Deps } from "../deps.ts";
import { type Device, newSession } from "./session-tokens.ts";
import { endSockets } from "./sessions.ts";

export interface SignedIn {
  account: Account;
  tokens: TokenPair;
}

/** A user name that is taken, or a race with the same person's other device, is tried again. */
const maxTries = 5;
const suffixBytes = 3;

/**
 * By an id token that an app brings. Fails as `google_failed`, `unavailable`, `too_many_requests`, or `forbidden` for
 * a disabled account.
 */
export async function signInWithGoogle(deps: Deps, idToken: string, device: Device): Promise<SignedIn> {
  const google = googleOf(deps);
  const { address } = device;
  const attempt = await beginCredentialAttempt(deps, { subject: `google:${hashOf(idToken)}`, address });
  const expected = { audiences: google.audiences, nonce: null, now: deps.now() };
  const signedIn = await signInAs(deps, await verifyIdToken(google, idToken, expected), device);
  await attempt.succeed();
  return signedIn;
}

/** By an identity that was verified. Fails as `google_failed` (`linked_elsewhere`) or `forbidden`. */
export async function signInAs(deps: Deps, identity: ProviderIdentity, device: Device): Promise<SignedIn> {
  for (let tried = 0; ; tried += 1) {
    try {
      return await trySignIn(deps, identity, device, tried);
    } catch (error) {
      const code = sqlErrorIn(error)?.code;
      const isRace = code === uniqueViolation || code === notNullViolation;
      if (!isRace || tried + 1 === maxTries) throw error;
    }
  }
}

/** The provider, or fails as `google_failed` (`not_configured`). */
export function googleOf(deps: Deps): GoogleConfig {
  const { google } = deps.config;
  if (google === null) throw new Failed({ kind: "google_failed", reason: "not_configured" });
  return google;
}

async function trySignIn(deps: Deps, identity: ProviderIdentity, device: Device, tried: number): Promise<SignedIn> {
  const match = await findIdentity(deps.db, identity);
  if (match.kind === "nobody") return begin(deps, identity, device, tried);
  refuseUnfit(deps, match.account, match.kind === "same_email" && match.hasOther);
  const userId = match.account.id;
  const { session, tokens } = await newGoogleSession(deps, userId, device);
  const now = deps.now();
  if (match.kind === "linked") {
    const account = await recordIdentitySignIn(deps.db, { userId, identity, now }, session);
    return tell(deps, account, session, tokens);
  }
  const isTakenOver = !match.isProven;
  const account = await linkIdentity(deps.db, { userId, identity, isTakenOver, now }, session);
  if (isTakenOver) endSockets(deps, userId, { exceptSessionId: session.id });
  audit(deps, { action: "account.link_google", ...actorAndTarget(session), detail: { taken_over: isTakenOver } });
  return tell(deps, account, session, tokens);
}

function refuseUnfit(deps: Deps, account: Account, isLinkedElsewhere: boolean): void {
  if (account.isActive && !isLinkedElsewhere) return;
  const reason = account.isActive ? "linked_elsewhere" : "disabled";
  const target = { kind: "user", id: account.id } as const;
  audit(deps, { action: "session.create", outcome: "failed", target, detail: { method: "google", reason } });
  if (!account.isActive) throw new Failed({ kind: "forbidden", detail: "This account is disabled" });
  throw new Failed({ kind: "google_failed", reason: "linked_elsewhere" });
}

async function begin(deps: Deps, identity: ProviderIdentity, device: Device, tried: number): Promise<SignedIn> {
  const id = deps.newId("usr");
  const suffix = tried === 0 ? "" : hexOf(deps.randomBytes(suffixBytes));
  const { session, tokens } = await newGoogleSession(deps, id, device);
  const made = { id, username: usernameFor(identity.email, suffix), identity, now: deps.now() };
  const account = await insertIdentityAccount(deps.db, made, session);
  audit(deps, { action: "account.register", ...actorAndTarget(session), detail: { method: "google" } });
  return tell(deps, account, session, tokens);
}

async function newGoogleSession(deps: Deps, userId: string, device: Device) {
  const { session, tokens } = await newSession(deps, userId, device);
  return { session: { ...session, method: "google" as const }, tokens };
}

function tell(deps: Deps, account: Account, session: NewSession, tokens: TokenPair): SignedIn {
  const { actor } = actorAndTarget(session);
  const target = { kind: "session", id: session.id } as const;
  audit(deps, { action: "session.create", actor, target, detail: { method: "google" } });
  deps.log("info", "signed in", { user_id: account.id, method: "google" });
  return { account, tokens };
}

function actorAndTarget({ userId, id: sessionId }: NewSession) {
  return { actor: { userId, sessionId, scopes: null }, target: { kind: "user", id: userId } } as const;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
