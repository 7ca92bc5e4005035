/** The Worker's deps for tests that need another clock, another Redis or other limits than a request has. */
import { env } from "cloudflare:workers";
import { createDeps } from "../../../workers/deps.ts";
import type { Deps } from "../../../workers/domain/deps.ts";
import type { LimitConfig } from "../../../workers/rules/config.ts";

export interface TestDeps extends Deps {
  /** Resolves when everything that was left to run after the answer has run. */
  settled(): Promise<void>;
}

/** Real services; whatever `changes` names is replaced. */
export function newDeps(changes: Partial<Deps> & { limits?: Partial<LimitConfig> } = {}): TestDeps {
  const { limits, ...rest } = changes;
  const left: Promise<unknown>[] = [];
  const made = createDeps(env, "test", (promise) => left.push(promise));
  const config = { ...made.config, limits: { ...made.config.limits, ...limits } };
  return {
    ...made,
    config,
    ...rest,
    settled: async () => {
      await Promise.all(left);
    },
  };
}

/** A clock that stands still at `start` until it is moved on. */
export function newClock(start = new Date()) {
  let nowMs = start.getTime();
  return {
    now: () => new Date(nowMs),
    advanceSeconds: (seconds: number) => {
      nowMs += seconds * 1000;
    },
  };
}
