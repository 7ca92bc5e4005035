/** Use cases of one's own sessions: which devices are signed in, and signing them out from here. */
import { Failed } from "../../rules/failures.ts";
import type { Principal } from "../../rules/principal.ts";
import { listSessions, type OwnSession, sessionEnd } from "../../store/sessions.ts";
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { endSockets } from "./sessions.ts";

const maxListed = 100;

/** The sessions that can still be used, at most 100, the one seen last first. */
export function readOwnSessions(deps: Deps, principal: Principal): Promise<OwnSession[]> {
  return listSessions(deps.db, principal.userId, deps.now(), maxListed);
}

/** Ends one session and its sockets. Fails as `not_found` for one that ended, is somebody else's or never was. */
export async function endOwnSession(deps: Deps, principal: Principal, sessionId: string): Promise<void> {
  const { userId } = principal;
  const ended = await sessionEnd(deps.db, { userId, sessionId }, "ended_by_owner", deps.now());
  if (ended.length === 0) throw new Failed({ kind: "not_found", what: "session" });
  endSockets(deps, userId, { sessionId });
  audit(deps, { action: "session.end", actor: principal, target: { kind: "session", id: sessionId } });
}

/** Ends every session but this one, and their sockets; personal tokens go on. Answers how many ended. */
export async function endOtherSessions(deps: Deps, principal: Principal): Promise<number> {
  const { userId, sessionId } = principal;
  const ended = await sessionEnd(deps.db, { userId, exceptSessionId: sessionId }, "ended_by_owner", deps.now());
  endSockets(deps, userId, { sessionIds: ended.map(({ id }) => id) });
  const detail = { sessions: ended.length };
  audit(deps, { action: "session.end_others", actor: principal, target: { kind: "user", id: userId }, detail });
  return ended.length;
}
