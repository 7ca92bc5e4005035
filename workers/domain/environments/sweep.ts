/** The work of every minute: deadlines, running time and what stops by itself; old samples and rows are let go. */
import { phaseAt } from "../../rules/lifecycle.ts";
import { listOverdue, purgeTerminated } from "../../store/environments/cluster-view.ts";
import { meterRunning } from "../../store/environments/metering.ts";
import { forgetSamples } from "../../store/environments/samples.ts";
import type { Deps } from "../deps.ts";
import { stopByThemselves } from "./auto-stop.ts";
import { applyMoves } from "./settle.ts";

const dayMs = 86_400_000;
const keptSamplesMs = 7 * dayMs;
const keptTerminatedMs = 30 * dayMs;
/** Rows a minute; what is left over is taken up in the next one. */
const batchSize = 500;

/** One sweep. Reads judge deadlines by themselves, so a sweep that does not come costs only tidiness. */
export async function sweepEnvironments(deps: Deps): Promise<void> {
  const now = deps.now();
  const overdue = await listOverdue(deps.db, now, batchSize);
  await applyMoves(
    deps,
    overdue.map((before) => ({ before, after: phaseAt(before, now) })),
  );
  const running = await meterRunning(deps.db, now);
  const stopped = await stopByThemselves(deps);
  await forgetSamples(deps.db, new Date(now.getTime() - keptSamplesMs));
  const purged = await purgeTerminated(deps.db, new Date(now.getTime() - keptTerminatedMs), batchSize);
  if (overdue.length + running + purged > 0)
    deps.log("info", "swept", { overdue: overdue.length, running, stopped, purged });
}
