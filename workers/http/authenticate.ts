/** Bearer authentication of requests, with the limit of whoever turns out to ask. */
import type { Next } from "hono";
import { authenticateToken } from "../domain/accounts/sessions.ts";
import { type LimitAhead, newLimitAhead } from "../domain/limit-ahead.ts";
import { limitAddress } from "../domain/limits.ts";
import { Failed } from "../rules/failures.ts";
import { hasScope, type Principal, type Scope } from "../rules/principal.ts";
import { addressOf } from "./client-address.ts";
import type { AppContext, AppMiddleware } from "./context.ts";
import { describes } from "./describing.ts";
import { limitedBy, limitedByAddress, toldLimit } from "./limits.ts";

/** Lets only signed-in people through and leaves who they are in `principal`; a personal token is never enough. */
export const authenticated: AppMiddleware = allowed(null);

/** Lets only administrators through: signed in, or with a personal token of the scope `admin`. */
export const administrator: AppMiddleware = guard("admin", "Only administrators may do this", (principal) => {
  if (principal.role !== "admin") throw new Failed({ kind: "admin_required" });
});

/** Lets signed-in people through, and personal tokens that have this scope. null = no token. */
export function allowed(scope: Scope | null): AppMiddleware {
  const refusal = scope === null ? "A personal token may not do this" : `The personal token lacks the scope ${scope}`;
  return guard(scope, refusal, () => {});
}

/** Lets anybody through, with `principal` where somebody is signed in; a token that is no good is refused as ever. */
export const perhapsAuthenticated: AppMiddleware = describes(
  (c, next) => (bearerToken(c) === null ? limitedByAddress(c, next) : authenticated(c, next)),
  {
    security: [{}, { session: [] }],
    problems: { 401: "A bad or expired token", 403: "A personal token may not do this", ...toldLimit.problems },
    headers: toldLimit.headers,
  },
);

function guard(scope: Scope | null, refusal: string, check: (principal: Principal) => void): AppMiddleware {
  return describes(guarded, {
    security: [{ session: [] }, ...(scope === null ? [] : [{ personalToken: [scope] }])],
    problems: { 401: "No, bad or expired token", 403: refusal, ...toldLimit.problems },
    headers: toldLimit.headers,
  });

  async function guarded(c: AppContext, next: Next): Promise<void> {
    const limit = newLimitAhead(c.var.deps);
    const principal = await authenticate(c, limit);
    c.set("principal", principal);
    // Whoever is refused is counted too.
    const goOn = async () => {
      if (!hasScope(principal, scope)) throw new Failed({ kind: "insufficient_scope", scope });
      check(principal);
      await next();
    };
    await limitedBy(c, goOn, limit.verdict(principal));
  }
}

/** The token of an `Authorization: Bearer` header, or null. */
export function bearerToken(c: AppContext): string | null {
  return /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? null;
}

/** A request that shows no valid token counts for its address, so that guessing tokens has a limit too. */
async function authenticate(c: AppContext, limit: LimitAhead): Promise<Principal> {
  try {
    return await authenticateToken(c.var.deps, bearerToken(c), limit.begin);
  } catch (error) {
    limit.giveBack();
    const isRefusal = error instanceof Failed && error.failure.kind === "unauthenticated";
    if (isRefusal) await limitedBy(c, async () => {}, limitAddress(c.var.deps, addressOf(c)));
    throw error;
  }
}
