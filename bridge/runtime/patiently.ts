/**
 * Waiting for an environment's programs in a transfer. Only what they owe is timed: a person who is slow has bounds of his own
 * (transfers/client.ts).
 */
import { timing } from "../../durable-objects/protocol/timing.ts";
import { RuntimeFailure } from "./runtime.ts";

/** The work's result; rejects with `unavailable` where it takes longer, and leaves the work to itself. */
export async function patiently<Value>(
  work: Promise<Value>,
  withinMs: number = timing.transferStuckMs,
): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const failure = new RuntimeFailure("unavailable", "The environment's programs did not go on with it");
  const timer = setTimeout(() => reject(failure), withinMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
