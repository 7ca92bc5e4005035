/** Turns floods away before they cost anything: no database, no Redis, no body is read. */
import { limitKeyOf } from "../rules/addresses.ts";
import { Failed, rootCause } from "../rules/failures.ts";
import { type FloodCounter, isFloodCounted } from "../rules/floods.ts";
import { addressOf } from "./client-address.ts";
import type { AppContext, AppMiddleware } from "./context.ts";

const retryAfterSeconds = 60;

/**
 * Fails as `too_many_requests` for an address over the coarse limit. Without a counter, or when it does not answer,
 * requests pass: the documented limits stand behind this one.
 */
export function refuseFloods(readCounter: (env: Env) => FloodCounter | null): AppMiddleware {
  return async function refused(c, next) {
    const counter = isFloodCounted(c.var.deps.config.limits) ? readCounter(c.env) : null;
    if (counter !== null && !(await isAllowed(c, counter)))
      throw new Failed({ kind: "too_many_requests", what: "requests", retryAfterSeconds });
    await next();
  };
}

async function isAllowed(c: AppContext, counter: FloodCounter): Promise<boolean> {
  try {
    return (await counter.limit({ key: limitKeyOf(addressOf(c)) })).success;
  } catch (error) {
    c.var.deps.log("warn", "flood counter is silent, letting the request pass", { error: rootCause(error).message });
    return true;
  }
}
