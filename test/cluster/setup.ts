/** Begins a run on the cluster before the first test and ends it after the last, also when they failed. */
import type { TestProject } from "vitest/node";
import { beginRun, type ClusterUnderTest, endRun } from "./run.ts";

declare module "vitest" {
  export interface ProvidedContext {
    cluster: ClusterUnderTest;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const run = await beginRun();
  project.provide("cluster", run);
  console.log(
    `tests run in namespace ${run.namespace}${run.volumeObstacle === null ? "" : `; without volumes: ${run.volumeObstacle}`}`,
  );
  return () => endRun(run);
}
