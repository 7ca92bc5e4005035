/** Whether the things we stand on answer. */
import { rootCause } from "../rules/failures.ts";
import { pingDatabase } from "../store/database.ts";
import type { Deps } from "./deps.ts";

export interface ReadinessChecks {
  database: "ok" | "down";
  redis: "ok" | "down";
  /** The script of the Durable Objects. */
  objects: "ok" | "down";
}

/** Asks each dependency the smallest question there is, in parallel. */
export async function checkReadiness(deps: Deps): Promise<ReadinessChecks> {
  const [database, redis, objects] = await Promise.all([
    answers(deps, "database", pingDatabase(deps.db)),
    answers(deps, "redis", deps.redis.ping()),
    answers(deps, "objects", deps.objects.meter().closedSockets()),
  ]);
  return { database, redis, objects };
}

async function answers(deps: Deps, dependency: string, question: Promise<unknown>): Promise<"ok" | "down"> {
  try {
    await question;
    return "ok";
  } catch (error) {
    deps.log("warn", "dependency is down", { dependency, error: rootCause(error).message });
    return "down";
  }
}
