/**
 * Tickets: how a browser, which can set no header on a WebSocket, shows who it is without its token in a URL. One is
 * good for one socket of one kind to one environment, for 60 s, and only while the session that asked for it lives.
 */
import { z } from "zod";
import { type SocketKind, socketKindSchema } from "../../durable-objects/protocol/vocabulary.ts";
import { keepOnce, takeOnce } from "../clients/one-time.ts";
import { Failed } from "../rules/failures.ts";
import type { Principal } from "../rules/principal.ts";
import { secretBytes, secretText } from "../rules/secrets.ts";
import type { Deps } from "./deps.ts";
import { openEnvironment } from "./sharing/access.ts";

export const ticketSeconds = 60;

const boundSchema = z.object({
  user_id: z.string(),
  /** The session, or the personal token. */
  session_id: z.string(),
  environment_id: z.string(),
  kind: socketKindSchema,
});

export interface TicketTarget {
  environmentId: string;
  kind: SocketKind;
}

/** The text of a new ticket. Fails as `not_found` for an environment that they may not watch. */
export async function issueTicket(deps: Deps, principal: Principal, target: TicketTarget): Promise<string> {
  const row = await openEnvironment(deps, principal, target.environmentId, "watch");
  const secret = secretText("ticket", deps.randomBytes(secretBytes));
  const { userId: user_id, sessionId: session_id } = principal;
  const value: z.infer<typeof boundSchema> = { user_id, session_id, environment_id: row.id, kind: target.kind };
  await keepOnce(deps.redis, "ticket", { secret, value, seconds: ticketSeconds });
  return secret;
}

/**
 * Uses a ticket up, whatever comes of it, and tells whose it is: the session still has to be asked for. Fails as
 * `unauthenticated` for one that was used, expired, was never given out or was given out for something else.
 */
export async function redeemTicket(
  deps: Deps,
  ticket: string,
  target: TicketTarget,
): Promise<{ userId: string; sessionId: string }> {
  const bound = await takeOnce(deps.redis, "ticket", ticket, boundSchema);
  const isMeant = bound?.environment_id === target.environmentId && bound.kind === target.kind;
  if (!isMeant) throw new Failed({ kind: "unauthenticated", reason: "invalid" });
  return { userId: bound.user_id, sessionId: bound.session_id };
}
