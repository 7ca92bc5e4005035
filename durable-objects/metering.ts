/** Tells the Worker of sockets that closed; the number is for metrics only, so losing one costs nothing but that. */
import type { Log } from "./logging.ts";
import type { MeteredKind } from "./protocol/objects.ts";

/** Returns at once; the object stays awake until the Worker has heard it. */
export function meterClose(ctx: DurableObjectState, log: Log, kind: MeteredKind, code: number): void {
  const told = ctx.exports.MeterEntry.socketClosed(kind, code);
  ctx.waitUntil(told.catch((error: unknown) => log("warn", "a close was not counted", { error: String(error) })));
}
