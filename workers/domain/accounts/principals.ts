/** Whom a session or a personal token stands for: read anew for every request, so that an end takes effect at once. */
import { Failed } from "../../rules/failures.ts";
import type { Account, Principal } from "../../rules/principal.ts";
import { hashOf } from "../../rules/tokens.ts";
import { findPersonalToken, type PersonalTokenInUse, touchPersonalToken } from "../../store/personal-tokens.ts";
import { findSession, touchSession } from "../../store/sessions.ts";
import type { Deps } from "../deps.ts";

/** "Last seen" and "last used" are written no more often than this. */
const touchAfterMs = 5 * 60_000;

/** By the ids that a verified token or a ticket names; one round trip. Fails as `unauthenticated`. */
export function principalOf(deps: Deps, named: { userId: string; sessionId: string }): Promise<Principal> {
  return named.sessionId.startsWith("pat_") ? namedTokenPrincipal(deps, named) : sessionPrincipal(deps, named);
}

/** By the text of a personal token; one round trip. Fails as `unauthenticated`. */
export async function tokenPrincipal(deps: Deps, token: string): Promise<Principal> {
  return livePrincipal(deps, await findPersonalToken(deps.db, { hash: hashOf(token) }));
}

async function namedTokenPrincipal(deps: Deps, { userId, sessionId: id }: { userId: string; sessionId: string }) {
  const token = await findPersonalToken(deps.db, { id });
  return livePrincipal(deps, token?.account.id === userId ? token : null);
}

async function sessionPrincipal(deps: Deps, named: { userId: string; sessionId: string }): Promise<Principal> {
  const now = deps.now();
  const session = await findSession(deps.db, named.sessionId);
  const isAlive =
    session !== null &&
    session.userId === named.userId &&
    session.endedAt === null &&
    session.absoluteExpiresAt > now &&
    session.account.isActive &&
    !session.isDeleted;
  if (!isAlive) throw new Failed({ kind: "unauthenticated", reason: "session_ended" });
  if (now.getTime() - session.lastSeenAt.getTime() > touchAfterMs) {
    deps.waitUntil(touchSession(deps.db, session.id, now, touchAfterMs));
  }
  const { id: sessionId, requestsPerMinute, createdAt: signedInAt } = session;
  return { ...namesOf(session.account), sessionId, scopes: null, requestsPerMinute, signedInAt };
}

/** A person who only shows a token proved who they are when they made it. */
function livePrincipal(deps: Deps, token: PersonalTokenInUse | null): Principal {
  const now = deps.now();
  const isKnown = token !== null && token.revokedAt === null && token.account.isActive && !token.isDeleted;
  if (!isKnown) throw new Failed({ kind: "unauthenticated", reason: "invalid" });
  const isExpired = token.expiresAt !== null && token.expiresAt <= now;
  if (isExpired) throw new Failed({ kind: "unauthenticated", reason: "expired" });
  if (now.getTime() - (token.lastUsedAt?.getTime() ?? 0) > touchAfterMs) {
    deps.waitUntil(touchPersonalToken(deps.db, token.id, now, touchAfterMs));
  }
  const { id: sessionId, scopes, requestsPerMinute, createdAt: signedInAt } = token;
  return { ...namesOf(token.account), sessionId, scopes, requestsPerMinute, signedInAt };
}

function namesOf(account: Account) {
  const { id: userId, username, role, plan, isVerified } = account;
  return { userId, username, role, plan, isVerified, account };
}
