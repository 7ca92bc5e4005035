/** The accounts' share of the work of every minute: what nobody needs any more is let go. */
import { knownDeviceSeconds } from "../../rules/devices.ts";
import { deleteOldDevices } from "../../store/devices.ts";
import { deleteOldAttempts } from "../../store/login-attempts.ts";
import { deleteOldMailSecrets } from "../../store/mail-secrets.ts";
import { deleteOldPersonalTokens } from "../../store/personal-tokens.ts";
import { deleteOldSessions } from "../../store/sessions.ts";
import type { Deps } from "../deps.ts";

const dayMs = 86_400_000;
const keptEndedMs = 30 * dayMs;

/**
 * Mailed secrets that expired, wrong passwords of a day ago, and sessions, personal tokens and devices of a month ago,
 * are forgotten.
 */
export async function sweepAccounts(deps: Deps): Promise<void> {
  const nowMs = deps.now().getTime();
  await deleteOldAttempts(deps.db, new Date(nowMs - dayMs));
  await deleteOldMailSecrets(deps.db, deps.now());
  await deleteOldDevices(deps.db, new Date(nowMs - knownDeviceSeconds * 1000));
  await deleteOldSessions(deps.db, new Date(nowMs - keptEndedMs));
  await deleteOldPersonalTokens(deps.db, new Date(nowMs - keptEndedMs));
}
