/** The accounts' share of the work of every minute: what nobody needs any more is let go. */
import { deleteOldAttempts } from "../../store/login-attempts.ts";
import { deleteOldPersonalTokens } from "../../store/personal-tokens.ts";
import { deleteOldSessions } from "../../store/sessions.ts";
import type { Deps } from "../deps.ts";

const dayMs = 86_400_000;
const keptEndedMs = 30 * dayMs;

/** Wrong passwords of a day ago, and sessions and personal tokens that ended a month ago, are forgotten. */
export async function sweepAccounts(deps: Deps): Promise<void> {
  const nowMs = deps.now().getTime();
  await deleteOldAttempts(deps.db, new Date(nowMs - dayMs));
  await deleteOldSessions(deps.db, new Date(nowMs - keptEndedMs));
  await deleteOldPersonalTokens(deps.db, new Date(nowMs - keptEndedMs));
}
