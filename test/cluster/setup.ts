/** Begins a run on the cluster before the first test and ends it after the last, also when they failed. */
import type { TestProject } from "vitest/node";
import { onInterruption } from "../support/interruption.ts";
import { beginRun, type ClusterUnderTest, endRun } from "./run.ts";

declare module "vitest" {
  export interface ProvidedContext {
    cluster: ClusterUnderTest;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  endInOrder(project.vitest);
  const run = await beginRun();
  project.provide("cluster", run);
  console.log(`tests run in namespace ${run.namespace}`);
  if (run.volumeObstacle !== null) console.log(`without volumes: ${run.volumeObstacle}`);
  if (run.missingRight !== null)
    console.log(`without namespaces for people: the user may not ${run.missingRight} in every namespace`);
  return () => endRun(run);
}

/** Told to end, vitest would end at once. */
function endInOrder(vitest: TestProject["vitest"]): void {
  for (const signal of ["SIGINT", "SIGTERM"]) process.removeAllListeners(signal);
  onInterruption(async (signal) => {
    console.error(`${signal}: removing what was made on the cluster`);
    process.exitCode = 130;
    await vitest.cancelCurrentRun("keyboard-input");
    await vitest.exit(true);
  });
}
