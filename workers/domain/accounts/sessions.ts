/** Use cases of a session that has begun: shown by a token, kept alive by refreshing, ended. */

import type { SocketSelector } from "../../../durable-objects/protocol/objects.ts";
import { Failed } from "../../rules/failures.ts";
import type { Principal } from "../../rules/principal.ts";
import { isSecret } from "../../rules/secrets.ts";
import { hashOf, successorJti, type TokenPair, verifyToken } from "../../rules/tokens.ts";
import { type EndReason, rotateRefreshToken, sessionEnd } from "../../store/sessions.ts";
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { principalOf, tokenPrincipal } from "./principals.ts";
import { tokenPair } from "./session-tokens.ts";

/**
 * Who shows this access token or personal token, by one round trip to its row: a token is only worth what its
 * session is. Null = no token was shown. `onNamed` hears which session an access token names, before that is asked.
 * Fails as `unauthenticated`.
 */
export async function authenticateToken(
  deps: Deps,
  token: string | null,
  onNamed: (sessionId: string) => void = () => {},
): Promise<Principal> {
  if (token === null) throw new Failed({ kind: "unauthenticated", reason: "missing" });
  if (isSecret("personalToken", token)) return tokenPrincipal(deps, token);
  const named = await verifyToken(deps.config.tokens, "access", token, deps.now());
  onNamed(named.sessionId);
  return principalOf(deps, named);
}

/**
 * New tokens for a refresh token. The one before it returns the same successor within the grace window; an older
 * one was stolen or lost, and ends the session. Fails as `unauthenticated`.
 */
export async function refresh(deps: Deps, refreshToken: string): Promise<TokenPair> {
  const { tokens: config } = deps.config;
  const now = deps.now();
  const shown = await verifyToken(config, "refresh", refreshToken, now);
  const { userId, sessionId } = shown;
  const jti = successorJti(config, shown);
  const outcome = await rotateRefreshToken(deps.db, {
    sessionId,
    userId,
    shownJtiHash: hashOf(shown.jti),
    successorJtiHash: hashOf(jti),
    now,
    refreshSeconds: config.refreshSeconds,
    graceSeconds: config.refreshGraceSeconds,
  });
  if (outcome.kind === "successor") {
    const { refreshIssuedAt: issuedAt, refreshExpiresAt: expiresAt } = outcome;
    return tokenPair(deps, { userId, sessionId, jti, issuedAt, expiresAt });
  }
  if (outcome.kind === "replayed") {
    deps.log("warn", "refresh token replayed, session ended", { user_id: userId, session_id: sessionId });
    audit(deps, {
      action: "session.replay",
      outcome: "denied",
      actor: { userId, sessionId, scopes: null },
      target: session(sessionId),
    });
    endSockets(deps, userId, { sessionId });
  }
  throw new Failed({ kind: "unauthenticated", reason: "session_ended" });
}

/** Ends this session, or every session of its person, and the sockets that hang on them; personal tokens go on. */
export async function endSessions(deps: Deps, principal: Principal, which: "this" | "all"): Promise<void> {
  const { userId, sessionId } = principal;
  const reason: EndReason = which === "this" ? "logout" : "logout_all";
  const ended = await sessionEnd(deps.db, which === "this" ? { userId, sessionId } : { userId }, reason, deps.now());
  endSockets(deps, userId, which === "this" ? { sessionId } : { sessionIds: ended.map(({ id }) => id) });
  if (which === "this") audit(deps, { action: "session.end", actor: principal, target: session(sessionId) });
  else audit(deps, { action: "session.end_all", actor: principal, target: { kind: "user", id: userId } });
  deps.log("info", "signed out", { user_id: userId, reason });
}

function session(id: string) {
  return { kind: "session", id } as const;
}

/** Closes sockets whose session has ended; called after the commit, and never fails the request. */
export function endSockets(deps: Deps, userId: string, selector: SocketSelector): void {
  const ended = deps.objects.user(userId).end(selector, "sessionEnded");
  deps.waitUntil(
    ended.catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : "unknown";
      deps.log("error", "sockets of an ended session may be open", { user_id: userId, error: reason });
    }),
  );
}
