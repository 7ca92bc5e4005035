/** Calls that found no answer are made again a few times, with jitter: only what may be done twice belongs here. */
import { setTimeout as delay } from "node:timers/promises";
import { ClusterProblem, cutBy } from "./problem.ts";

const triesAtMost = 4;
const firstRetryMs = 200;
const maxRetryMs = 5_000;

/** What the call gives; rejects with its last problem, or with why the signal ended it. */
export async function untilAnswered<Answer>(
  call: () => Promise<Answer>,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      const isOver = !(error instanceof ClusterProblem) || error.kind !== "unavailable" || tries >= triesAtMost;
      if (isOver || signal?.aborted) throw error;
      const waitMs = Math.min(maxRetryMs, error.retryAfterMs ?? firstRetryMs * 4 ** (tries - 1));
      await wait(waitMs * (0.5 + Math.random() / 2), signal);
    }
  }
}

async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch((cut: unknown) => {
    throw cutBy(cut, signal);
  });
}
