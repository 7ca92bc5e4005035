/** The shares' part of the work of every minute: sockets of what is over close, and what is long over is let go. */
import { deleteOldShares, listUnclosed } from "../../store/sharing/shares.ts";
import { listUntold } from "../../store/sharing/untold.ts";
import type { Deps } from "../deps.ts";
import { orLog, showOutAll } from "./access.ts";
import { closeShare } from "./offer.ts";

const keptMs = 30 * 86_400_000;
/** Shares, and untold guests, a minute; what is left over is taken up in the next one. */
const batchSize = 200;

/**
 * Closes the sockets of shares that have expired, and once more those of a revoked one, and of a guest with other rights,
 * whose objects could not be told at the time. Access itself ends on time: it is asked for anew whenever somebody comes.
 */
export async function sweepShares(deps: Deps): Promise<void> {
  const over = await listUnclosed(deps.db, deps.now(), batchSize);
  for (const { id, environmentId } of over) await orLog(deps, environmentId, closeShare(deps, environmentId, id));
  await showOutAll(deps, await listUntold(deps.db, batchSize));
  await deleteOldShares(deps.db, new Date(deps.now().getTime() - keptMs));
  if (over.length > 0) deps.log("info", "shares closed", { shares: over.length });
}
