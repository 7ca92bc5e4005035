/**
 * A bridge's side of transfers (protocol/transfers.ts): takes a person's body, brings a file's bytes, says what became of it.
 * Mounted above whatever looks into bodies.
 */
import { Hono } from "hono";
import { serveTransfer } from "../domain/files/transfers.ts";
import { authenticatedBridge } from "../http/authenticate-bridge.ts";
import type { AppEnv } from "../http/context.ts";

export const bridgeTransfers = new Hono<AppEnv>({ strict: false });

bridgeTransfers.on(["GET", "POST"], "/transfers/:transfer", authenticatedBridge, async (c): Promise<Response> => {
  return await serveTransfer(c.var.deps, c.var.bridge, c.req.param("transfer"), c.req.raw);
});
