/**
 * Asks the limiter of a person beside the database, instead of after it: whose session a token names, and what their
 * plan allows, is what this isolate saw a moment ago. Where that was wrong, the limiter is asked as ever.
 */
import { newBoundedMap } from "../rules/bounded-map.ts";
import type { Principal } from "../rules/principal.ts";
import type { Deps } from "./deps.ts";
import { giveBackUser, type LimitVerdict, limitUser } from "./limits.ts";

type Counted = Pick<Principal, "userId" | "requestsPerMinute">;

const maxSessions = 10_000;
/** By session: whose it was when it was last seen alive. */
const seenAlive = newBoundedMap<Counted>(maxSessions);

/** The limit of one request, whose person becomes known in two steps. */
export interface LimitAhead {
  /** The request's token is good and names this session, which may have ended. */
  begin(sessionId: string): void;
  /** Who it is. Tells whether they may. */
  verdict(principal: Principal): Promise<LimitVerdict>;
  /** It is nobody: what was counted ahead counts for no one. */
  giveBack(): void;
}

export function newLimitAhead(deps: Deps): LimitAhead {
  let ahead: { sessionId: string; counted: Counted; asked: Promise<LimitVerdict> } | null = null;
  return {
    begin(sessionId) {
      const counted = seenAlive.get(sessionId);
      if (counted !== undefined) ahead = { sessionId, counted, asked: limitUser(deps, counted) };
    },
    verdict({ sessionId, userId, requestsPerMinute }) {
      const counted = { userId, requestsPerMinute };
      if (ahead?.counted.requestsPerMinute === requestsPerMinute) return ahead.asked;
      seenAlive.set(sessionId, counted);
      return limitUser(deps, counted);
    },
    giveBack() {
      if (ahead === null) return;
      const { sessionId, counted, asked } = ahead;
      seenAlive.delete(sessionId);
      deps.waitUntil(asked.then(({ isAllowed }) => (isAllowed ? giveBackUser(deps, counted) : undefined)));
    },
  };
}
