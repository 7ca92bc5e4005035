/** Has a socket's close counted; the number is for metrics only, so losing one costs nothing but that. */
import type { Log } from "./logging.ts";
import { closesMeter, type MeteredKind } from "./protocol/objects.ts";

export interface Metering {
  ctx: DurableObjectState;
  env: Pick<ObjectsEnv, "METERS">;
  log: Log;
}

/** Returns at once; the object stays awake until the close is counted. */
export function meterClose({ ctx, env, log }: Metering, kind: MeteredKind, code: number): void {
  const counted = env.METERS.getByName(closesMeter).socketClosed(kind, code);
  ctx.waitUntil(counted.catch((error: unknown) => log("warn", "a close was not counted", { error: String(error) })));
}
