/**
 * Use cases of personal tokens, which let programs in with chosen scopes. Only a session makes, lists or revokes
 * them; a new password, set by change or by reset, revokes them all.
 */
import { Failed } from "../../rules/failures.ts";
import type { Principal, Scope } from "../../rules/principal.ts";
import { secretBytes, secretText } from "../../rules/secrets.ts";
import { hashOf } from "../../rules/tokens.ts";
import {
  insertPersonalToken,
  listPersonalTokens,
  type PersonalToken,
  revokePersonalToken,
} from "../../store/personal-tokens.ts";
import { audit } from "../audit.ts";
import type { Deps } from "../deps.ts";
import { endSockets } from "./sessions.ts";

export const maxLiveTokens = 50;
const dayMs = 86_400_000;

export interface AskedToken {
  name: string;
  scopes: Scope[];
  expiresInDays: number;
}

/**
 * The new token with its text, which is told here and never again. Fails as `admin_required` when somebody else than
 * an administrator asks for the scope `admin`, and as `limit_reached` beside 50 tokens that live.
 */
export async function createPersonalToken(
  deps: Deps,
  principal: Principal,
  asked: AskedToken,
): Promise<PersonalToken & { token: string }> {
  if (asked.scopes.includes("admin") && principal.role !== "admin") throw new Failed({ kind: "admin_required" });
  const token = secretText("personalToken", deps.randomBytes(secretBytes));
  const createdAt = deps.now();
  const made = {
    id: deps.newId("pat"),
    userId: principal.userId,
    name: asked.name,
    scopes: [...new Set(asked.scopes)],
    createdAt,
    expiresAt: new Date(createdAt.getTime() + asked.expiresInDays * dayMs),
  };
  const isInserted = await insertPersonalToken(deps.db, { ...made, tokenHash: hashOf(token) }, maxLiveTokens);
  if (!isInserted) throw new Failed({ kind: "limit_reached", what: "personal tokens", limit: maxLiveTokens });
  const target = { kind: "token", id: made.id } as const;
  audit(deps, { action: "token.create", actor: principal, target, detail: { scopes: made.scopes } });
  return { ...made, lastUsedAt: null, token };
}

/** Tokens that were not revoked, the newest first. */
export function readPersonalTokens(deps: Deps, principal: Principal): Promise<PersonalToken[]> {
  return listPersonalTokens(deps.db, principal.userId);
}

/** Ends a token and its sockets. Fails as `not_found` for one that was revoked, is somebody else's or never was. */
export async function endPersonalToken(deps: Deps, principal: Principal, id: string): Promise<void> {
  const isRevoked = await revokePersonalToken(deps.db, principal.userId, id, deps.now());
  if (!isRevoked) throw new Failed({ kind: "not_found", what: "token" });
  endSockets(deps, principal.userId, { sessionId: id });
  audit(deps, { action: "token.revoke", actor: principal, target: { kind: "token", id } });
}
